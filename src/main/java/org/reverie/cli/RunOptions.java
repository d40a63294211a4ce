package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.reverie.device.Arithmetic;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.Trace;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that computes. */
final class RunOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "cpu",
            description =
                    "What computes: cpu, reference, opencl:N or cuda:N, device N of OpenCL or CUDA. Default: cpu.")
    private String device;

    @Option(
            names = "--lanes",
            paramLabel = "BITS",
            description = "Vector width of the device cpu: 128, 256 or 512. Default: the machine's widest.")
    private int lanes;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the device cpu. Default: one a core.")
    private int threads;

    @Option(
            names = "--arithmetic",
            paramLabel = "exact|fast",
            defaultValue = "exact",
            description =
                    "exact: the same bits on every device; fast: any order of summation where it is faster, on the"
                            + " devices cpu and cuda:N. Default: ${DEFAULT-VALUE}.")
    private Arithmetic arithmetic;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Where all random numbers come from. Default: 0.")
    private long seed;

    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Write down when each op, and on a GPU each kernel, ran: for Perfetto or chrome://tracing.")
    private Path trace;

    /** Opens the device asked for; a name or number that makes no sense is an error of the command line. */
    Backend open() {
        return open(device, threads);
    }

    /** A device of this name with so many threads, and the rest as asked for. */
    Backend open(String name, int count) {
        Trace file = beginTrace();
        boolean opened = false;
        try {
            Backend backend = Devices.open(name, new BackendOptions(lanes, count, arithmetic, file));
            opened = true;
            return backend;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        } finally {
            if (!opened && file != null) {
                file.close();
            }
        }
    }

    /** Of the devices that a command opens, the first is traced. */
    private Trace beginTrace() {
        try {
            Trace file = trace == null ? null : new Trace(trace);
            trace = null;
            return file;
        } catch (IOException e) {
            throw new ParameterException(command.commandLine(), "--trace: " + ErrorLine.of(e), e);
        }
    }

    /** The device's name as it was given. */
    String device() {
        return device;
    }

    boolean quiet() {
        return quiet;
    }

    /** Whether results have the bits that every device has. */
    boolean exact() {
        return arithmetic == Arithmetic.EXACT;
    }

    long seed() {
        return seed;
    }

    /** Threads for work that runs outside the device. */
    int threads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /** Shows how far the work is. Ctrl-C ends the program at once. */
    TerminalProgress progress() {
        return new TerminalProgress(
                quiet ? null : TerminalProgress.terminal(), Main.of(command).interruption());
    }

    /** The same, and a line now and then on standard output where there is no terminal to draw a bar on. */
    LineProgress lines(TerminalProgress bar) {
        return new LineProgress(bar, command.commandLine().getOut(), quiet || TerminalProgress.terminal() != null);
    }

    /** Shows how far the work is. At Ctrl-C it says {@code cancelled}, and the program waits for the work to stop. */
    TerminalProgress stoppableProgress() {
        Main.of(command).interruption().willBeHeard();
        return progress();
    }
}
