package org.reverie.diffusion;

import org.reverie.device.spec.DdimSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.Tensor;

/**
 * A way to move from noise to a sample along a {@link TimeGrid}. It asks the network for the noise and works out the next
 * state; methods that look back keep what they need in the {@link Run}.
 */
public interface Scheduler {
    /** What a step may ask for. */
    interface Evaluation {
        /** The noise in x [N, …] at time t, as the network sees it. */
        Tensor epsilon(Tensor x, int t);

        /** Fresh noise of x's shape for the step that begins at time t. */
        Tensor fresh(Tensor x, int t);
    }

    /** One way along one grid; steps are taken in order. */
    interface Run extends AutoCloseable {
        /** The state at time {@code grid.at(i + 1)} from x [N, …], the state at {@code grid.at(i)}. */
        Tensor step(Tensor x, int i, Evaluation network);

        @Override
        default void close() {}
    }

    Run along(NoiseSchedule schedule, TimeGrid grid);

    /** Song, Meng and Ermon 2021; η = 0 adds no noise. */
    static Scheduler ddim(double eta) {
        if (!(eta >= 0 && eta <= 1)) {
            throw new IllegalArgumentException("η must be between 0 and 1, not " + eta);
        }
        return (schedule, grid) -> (x, i, network) -> {
            int t = grid.at(i);
            DdimSpec step = Steps.ddim(schedule, Prediction.EPSILON, t, grid.at(i + 1), eta);
            Tensor noise = step.sigma() == 0 || i == grid.size() - 1 ? null : network.fresh(x, t);
            return DiffusionOps.ddimStep(x, network.epsilon(x, t), noise, step);
        };
    }

    /** Ancestral sampling (Ho, Jain and Abbeel 2020) with the posterior's variance, over any grid; the last step adds no noise. */
    static Scheduler ddpm() {
        return ddim(1);
    }

    /** Pseudo linear multistep (Liu et al. 2022) as in the original Stable Diffusion: one evaluation more than steps. */
    static Scheduler plms() {
        return Plms::new;
    }

    /** DPM-Solver++(2M) (Lu et al. 2022): second order with one evaluation a step. */
    static Scheduler dpmSolver2M() {
        return DpmSolver2M::new;
    }

    /**
     * @param name {@code plms}, {@code ddim} with η = 0, {@code ddpm} or {@code dpm}
     * @throws IllegalArgumentException if no method has that name
     */
    static Scheduler named(String name) {
        return switch (name) {
            case "plms" -> plms();
            case "ddim" -> ddim(0);
            case "ddpm" -> ddpm();
            case "dpm" -> dpmSolver2M();
            default ->
                throw new IllegalArgumentException(
                        "no sampling method is called \"" + name + "\"; there are plms, ddim, ddpm and dpm");
        };
    }
}
