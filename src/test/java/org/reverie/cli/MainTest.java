package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

final class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Fails in the way the test asks for. */
    @Command(name = "fail")
    static final class Fail implements Callable<Integer> {
        private final Throwable error;

        @Option(names = "--count")
        int count;

        Fail(Throwable error) {
            this.error = error;
        }

        @Override
        public Integer call() throws Exception {
            switch (error) {
                case null -> {}
                case Exception e -> throw e;
                case Error e -> throw e;
                default -> throw new AssertionError(error);
            }
            return Main.OK;
        }
    }

    private int run(Throwable error, String... args) {
        CommandLine line = Main.commandLine(new Main());
        line.addSubcommand(new Fail(error));
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return Main.run(line, args);
    }

    @Test
    void helpAndVersionGoToStandardOutput() {
        assertEquals(Main.OK, run(null, "--help"));
        assertTrue(out.toString().startsWith("Usage: reverie "), out.toString());
        assertEquals(Main.OK, run(null, "fail", "--help"));
        assertEquals(Main.OK, run(null, "--version"));
        assertTrue(out.toString().contains("Java 25"), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void successIsSilent() {
        assertEquals(Main.OK, run(null, "fail"));
        assertEquals("", out + err.toString());
    }

    @Test
    void aWrongCommandLineIsOneLineAndExitCode2() {
        assertEquals(Main.USAGE, run(null));
        assertEquals(line("reverie: a command is missing (see reverie --help)"), err.toString());
        err.getBuffer().setLength(0);
        assertEquals(Main.USAGE, run(null, "fail", "--count", "x"));
        assertEquals(
                line("reverie fail: Invalid value for option '--count': 'x' is not an int (see reverie fail --help)"),
                err.toString());
    }

    @Test
    void aFailureIsOneLineAndExitCode1() {
        assertEquals(Main.FAILED, run(new IllegalArgumentException("a\n  b"), "fail"));
        assertEquals(line("reverie fail: a b"), err.toString());
    }

    @Test
    void aMissingFileIsNamed() {
        assertEquals(Main.FAILED, run(new UncheckedIOException(new NoSuchFileException("x.npz")), "fail"));
        assertEquals(line("reverie fail: no such file: x.npz"), err.toString());
    }

    @Test
    void outOfMemoryIsOneLineToo() {
        assertEquals(Main.FAILED, run(new OutOfMemoryError("Java heap space"), "fail"));
        assertEquals(
                line("reverie: out of memory (Java heap space); REVERIE_OPTS=-Xmx… raises the limit"), err.toString());
    }

    @Test
    void aDeviceWithoutMemorySpeaksForItself() {
        assertEquals(Main.FAILED, run(new OutOfMemoryError("no memory on opencl:0 for a tensor of 8 bytes"), "fail"));
        assertEquals(line("reverie: no memory on opencl:0 for a tensor of 8 bytes"), err.toString());
    }

    @Test
    void aDefectSaysSoAndCanBeTraced() {
        assertEquals(Main.FAILED, run(new NullPointerException("n"), "fail"));
        assertEquals(
                line("reverie fail: internal error: java.lang.NullPointerException: n (--stacktrace shows where)"),
                err.toString());
        assertEquals(Main.FAILED, run(new NullPointerException("n"), "fail", "--stacktrace"));
        assertTrue(err.toString().contains("\tat "), err.toString());
    }

    @Test
    void stoppingHasALineAndAnExitCodeOfItsOwn() {
        assertEquals(Main.STOPPED, run(new Stopped(), "fail"));
        assertEquals(line("reverie fail: stopped; run the same command again to go on"), err.toString());
    }

    private static String line(String text) {
        return text + System.lineSeparator();
    }
}
