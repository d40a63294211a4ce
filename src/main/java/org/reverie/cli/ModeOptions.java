package org.reverie.cli;

import org.reverie.ood.dlsr.Reconstruction;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How features are reconstructed. */
final class ModeOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--mode",
            paramLabel = "fast|clean|compat",
            defaultValue = "fast",
            description = "fast: one call of the denoiser, without noise; clean: several consistent steps; compat: what"
                    + " the paper's code computes. Default: ${DEFAULT-VALUE}.")
    private Reconstruction.Mode mode;

    @Option(
            names = "--t",
            paramLabel = "N",
            description = "The time step that is noised to; in compat the number of steps. Default: fast and clean 5,"
                    + " compat 3.")
    private Integer time;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of clean. Default: 3, at most t + 1.")
    private Integer steps;

    @Option(names = "--noise", description = "Add noise in fast, too.")
    private boolean noise;

    Reconstruction reconstruction() {
        Reconstruction usual = switch (mode) {
            case FAST -> Reconstruction.fast();
            case CLEAN -> Reconstruction.clean();
            case COMPAT -> Reconstruction.compat();
        };
        int t = time == null ? usual.time() : time;
        int k = steps == null ? Math.min(usual.steps(), t + 1) : steps;
        try {
            return new Reconstruction(mode, t, k, usual.noise() || noise);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }
}
