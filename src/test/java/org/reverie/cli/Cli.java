package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * What a command line did.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record Cli(int code, String out, String err) {
    /** Runs the program in this Java machine. */
    static Cli run(String... args) {
        return run(new Main(), args);
    }

    static Cli run(Main main, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine(main);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int code = Main.run(line, args);
        return new Cli(code, out.toString(), err.toString());
    }

    /** Expects success. */
    Cli ok() {
        assertEquals(Main.OK, code, err);
        return this;
    }

    /** Expects failure with one line on standard error that contains all of {@code words}. */
    void fails(int expected, String... words) {
        assertEquals(expected, code, out + err);
        assertEquals(1, err.lines().count(), err);
        for (String word : words) {
            assertTrue(err.contains(word), err);
        }
    }
}
