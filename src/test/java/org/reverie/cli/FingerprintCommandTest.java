package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.TestDevices;

/** The promise of the same bits everywhere, as a user can check it. */
final class FingerprintCommandTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--lanes=128 --threads=1",
                "--lanes=128 --threads=2",
                "--lanes=256 --threads=1",
                "--lanes=256 --threads=2",
                "--lanes=512 --threads=1",
                "--lanes=512 --threads=2"
            })
    void everyWidthAndNumberOfThreadsHasTheBitsOfTheReference(String options) {
        String[] words = options.split(" ");
        Cli run = Cli.run("fingerprint", words[0], words[1]).ok();
        assertEquals(Cli.run("fingerprint", "--device=reference").ok().out(), run.out());
        assertTrue(run.out().lines().toList().getLast().matches("[0-9a-f]{64}"), run.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void aDeviceHasTheBitsOfTheReference(String kind) {
        String device = TestDevices.first(kind);
        assertEquals(
                Cli.run("fingerprint", "--device=reference").ok().out(),
                Cli.run("fingerprint", "--device=" + device).ok().out());
    }

    @Test
    void theSeedChangesIt() {
        assertNotEquals(
                Cli.run("fingerprint").ok().out(),
                Cli.run("fingerprint", "--seed=1").ok().out());
    }

    @Test
    void fastArithmeticHasNone() {
        Cli run = Cli.run("fingerprint", "--arithmetic=fast");
        assertNotEquals(Main.OK, run.code());
        assertTrue(run.err().contains("exact"), run.err());
    }
}
