package org.reverie.cli;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** The command line as it can be typed again. */
final class CommandWords {
    private CommandWords() {}

    /** The whole command line that led to a command. */
    static String of(CommandSpec command) {
        List<String> words = command.root().commandLine().getParseResult().originalArgs();
        return "reverie " + words.stream().map(CommandWords::quoted).collect(Collectors.joining(" "));
    }

    /** A word as a POSIX shell takes it. */
    static String quoted(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
