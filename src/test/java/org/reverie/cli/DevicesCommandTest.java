package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.reverie.op.Ops;

final class DevicesCommandTest {
    @Test
    void listsTheKindsAndDescribesOne() {
        Cli run = Cli.run("devices", "--lanes", "256", "--threads", "1").ok();
        assertTrue(run.out().contains("reference  scalar loops"), run.out());
        assertTrue(run.out().contains("device      cpu"), run.out());
        assertTrue(run.out().contains("256-bit lanes, 1 thread"), run.out());
        assertEquals("", run.err());
    }

    @Test
    void namesAKernelForEveryOp() {
        Cli run = Cli.run("devices", "--device", "reference", "--kernels").ok();
        long scalar = run.out().lines().filter(l -> l.endsWith("  scalar")).count();
        assertEquals(Ops.all().size(), scalar, run.out());
    }

    @Test
    void aDeviceWithoutChoicesIsNotTuned() {
        Cli run = Cli.run("devices", "--device", "reference", "--tune").ok();
        assertTrue(run.out().contains("reference has nothing to choose between"), run.out());
    }

    @Test
    void aDeviceThatMakesNoSenseIsAnErrorOfTheCommandLine() {
        Cli.run("devices", "--lanes", "100").fails(Main.USAGE, "lanes must be 128, 256 or 512", "100");
        Cli.run("devices", "--threads", "-1").fails(Main.USAGE, "threads", "-1");
        Cli.run("devices", "--device", "abacus").fails(Main.USAGE, "no device is called abacus", "cpu");
        Cli.run("devices", "--device", "cpu:x").fails(Main.USAGE, "cpu:x");
    }
}
