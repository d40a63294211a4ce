package org.reverie.diffusion;

import java.util.List;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.tensor.Tensor;

/**
 * A way to move from noise to a sample along a {@link TimeGrid}. It asks the network and says what step to make; methods that look back keep what they need in the {@link Run}.
 */
public interface Scheduler {
    /** What a step may ask for. */
    interface Evaluation {
        /** What the network says of x [N, …] at time t, for {@link #step}. */
        Tensor predict(Tensor x, int t);

        /**
         * Makes a step from the state x [N, …] at time t; {@code PREDICTION} in it is the noise that the network sees.
         *
         * @param earlier what was kept of earlier steps, the latest first
         * @return the next state, and what is kept if the step says so
         */
        Tensor[] step(SamplerStepSpec step, Tensor x, Tensor prediction, int t, List<Tensor> earlier);
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
            double sigma = i == grid.size() - 1 ? 0 : step.sigma();
            return network.step(SamplerStepSpec.of(step).noisy(sigma), x, network.predict(x, t), t, List.of())[0];
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
