package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Every command explains itself. */
final class HelpTest {
    /** The words that lead to each command that does something itself. */
    private static List<List<String>> commands(CommandLine line, List<String> words) {
        List<List<String>> all = new ArrayList<>();
        line.getSubcommands().forEach((name, sub) -> {
            List<String> path = new ArrayList<>(words);
            path.add(name);
            if (sub.getSubcommands().isEmpty()) {
                all.add(path);
            }
            all.addAll(commands(sub, path));
        });
        return all;
    }

    @Test
    void everyCommandHasHelpWithAnExample() {
        List<List<String>> all = commands(Main.commandLine(new Main()), List.of());
        assertTrue(all.size() > 1);
        for (List<String> words : all) {
            List<String> args = new ArrayList<>(words);
            args.add("--help");
            Cli run = Cli.run(args.toArray(String[]::new)).ok();
            String name = "reverie " + String.join(" ", words);
            assertTrue(run.out().startsWith("Usage: " + name + " "), run.out());
            assertTrue(run.out().contains("  " + name), name + " shows no example");
            assertEquals("", run.err(), name);
            run.out().lines().forEach(l -> assertTrue(l.length() <= 120, l));
        }
    }

    @Test
    void everyOptionIsExplained() {
        check(Main.commandLine(new Main()));
    }

    private static void check(CommandLine line) {
        line.getCommandSpec()
                .options()
                .forEach(o -> assertTrue(
                        o.description().length > 0,
                        line.getCommandSpec().qualifiedName() + " " + o.longestName() + " is not explained"));
        line.getSubcommands().values().forEach(HelpTest::check);
    }

    @Test
    void anUnknownOptionIsAnErrorOfTheCommandLine() {
        Cli.run("devices", "--colour").fails(Main.USAGE, "--colour", "reverie devices --help");
        Cli.run("daydream").fails(Main.USAGE, "daydream");
    }
}
