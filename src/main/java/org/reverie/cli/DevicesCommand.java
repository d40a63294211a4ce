package org.reverie.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.device.Backend;
import org.reverie.device.BackendProvider;
import org.reverie.device.Devices;
import org.reverie.device.MemoryStatistics;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what can compute here. */
@Command(
        name = "devices",
        description = "List what can compute here, and describe one device.",
        footer = {
            "",
            "Examples:",
            "  reverie devices",
            "  reverie devices --device cpu --lanes 256 --kernels",
            "  reverie devices --device opencl:0 --tune"
        })
final class DevicesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--kernels", description = "For every op, the kernel that would run it on the device.")
    private boolean kernels;

    @Option(
            names = "--tune",
            description = "Time what the device can choose between, and keep the fastest for later runs.")
    private boolean tune;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (BackendProvider provider : Devices.providers()) {
            provider.list().forEach(out::println);
        }
        try (Backend device = run.open()) {
            out.println();
            describe(device, out);
            if (tune) {
                out.println();
                List<String> lines = device.tune();
                out.println(lines.isEmpty() ? device.name() + " has nothing to choose between" : "tuned");
                lines.forEach(line -> out.println("  " + line));
            }
            if (kernels) {
                out.println();
                out.println("op                              kernel");
                for (Op<?> op : Ops.all()) {
                    out.printf(Locale.ROOT, "%-30s  %s%n", op.name(), device.explain(op.name()));
                }
            }
        }
        return Main.OK;
    }

    private static void describe(Backend device, PrintWriter out) {
        MemoryStatistics memory = device.memory();
        Runtime java = Runtime.getRuntime();
        out.println("device      " + device.name());
        out.println("what        " + device.description());
        out.printf(
                Locale.ROOT,
                "memory      %s in tensors, %s kept for the next ones; Java heap up to %s%n",
                mebibytes(memory.live()),
                mebibytes(memory.pooled()),
                mebibytes(java.maxMemory()));
        out.println("processors  " + java.availableProcessors());
        out.println("java        " + Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MiB", bytes >> 20);
    }
}
