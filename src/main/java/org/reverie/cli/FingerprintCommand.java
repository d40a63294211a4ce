package org.reverie.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.device.Backend;
import org.reverie.models.Fingerprint;
import org.reverie.models.FingerprintProgram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows that a device computes the bits that every device computes. */
@Command(
        name = "fingerprint",
        description = {
            "Run a small fixed program (random draws, long sums, attention, training of an image network and of a"
                    + " denoiser, sampling) and print the SHA-256 of all its results.",
            "The last line, 64 hex digits, is the same on every device, for every vector width and number of threads;"
                    + " the lines before it name the digests of the program's parts."
        },
        footer = {
            "",
            "Examples:",
            "  reverie fingerprint",
            "  reverie fingerprint --lanes 128 --threads 1",
            "  reverie fingerprint --device reference"
        })
final class FingerprintCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Override
    public Integer call() {
        if (!run.exact()) {
            throw new ParameterException(
                    spec.commandLine(), "a fingerprint is of exact arithmetic: it would not be the same elsewhere");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (Backend device = run.open()) {
            Fingerprint fingerprint = FingerprintProgram.run(device, run.seed());
            fingerprint.parts().forEach((part, hex) -> out.printf(Locale.ROOT, "%-14s %s%n", part, hex));
            out.println(fingerprint.digest());
        }
        return Main.OK;
    }
}
