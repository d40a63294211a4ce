package org.reverie.diffusion;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;
import org.reverie.device.spec.DdimSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Random;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Draws samples with a denoising network, or denoises given ones.
 *
 * <p>Noise comes from the streams {@code "sampler start"} and {@code ("sampler step", t)} of the seed; sample n takes the
 * n-th part of a stream. So samples do not depend on how they are cut into batches: the second batch is drawn with
 * {@code firstSample} equal to the size of the first.
 *
 * @param schedule the process that the network was trained on
 * @param network the network
 * @param prediction what it predicts
 * @param seed of all noise
 * @param firstSample the number of the first sample of the batch
 * @param progress hears of every step
 */
public record Sampler(
        NoiseSchedule schedule,
        Denoiser network,
        Prediction prediction,
        long seed,
        long firstSample,
        Progress progress) {
    public Sampler(NoiseSchedule schedule, Denoiser network, Prediction prediction, long seed) {
        this(schedule, network, prediction, seed, 0, Progress.NONE);
    }

    public Sampler withProgress(Progress p) {
        return new Sampler(schedule, network, prediction, seed, firstSample, p);
    }

    public Sampler withFirstSample(long first) {
        return new Sampler(schedule, network, prediction, seed, first, progress);
    }

    /** Pure noise [N, …] to start from. */
    public Tensor start(Device device, Shape shape) {
        return noise(device, shape, Philox.stream("sampler start"));
    }

    /** Ancestral sampling over all T steps with fresh noise of variance βₜ, from pure noise x [N, …]. */
    public Tensor ddpm(Tensor x) {
        TimeGrid grid = TimeGrid.even(schedule, schedule.steps());
        if (prediction == Prediction.X0) {
            return linear(x, grid, i -> Steps.ddpmFromX0(schedule, grid.at(i), false));
        }
        return run(x, grid.size(), (state, i) -> {
            int t = grid.at(i);
            Tensor z = t == 0 ? null : fresh(state, t);
            return DiffusionOps.ddpmStep(state, predict(state, t), z, Steps.ddpm(schedule, t, false));
        });
    }

    /** DDIM over {@code count} evenly spread steps, from pure noise x [N, …]; η = 0 adds no noise. */
    public Tensor ddim(Tensor x, int count, double eta) {
        return ddim(x, TimeGrid.even(schedule, count), eta);
    }

    /**
     * DDIM over the given time steps, which descend; x [N, …] is noised as at the first of them. The last step ends without
     * noise.
     */
    public Tensor ddim(Tensor x, int[] times, double eta) {
        return ddim(x, TimeGrid.of(-1, times), eta);
    }

    private Tensor ddim(Tensor x, TimeGrid grid, double eta) {
        return linear(x, grid, i -> Steps.ddim(schedule, prediction, grid.at(i), grid.at(i + 1), eta));
    }

    /** By any method, along any grid; x [N, …] is noised as at the grid's first time. */
    public Tensor sample(Tensor x, Scheduler scheduler, TimeGrid grid) {
        Scheduler.Evaluation network = new Scheduler.Evaluation() {
            @Override
            public Tensor epsilon(Tensor state, int t) {
                Tensor f = predict(state, t);
                return prediction == Prediction.EPSILON ? f : noiseOf(state, f, t);
            }

            @Override
            public Tensor fresh(Tensor state, int t) {
                return Sampler.this.fresh(state, t);
            }
        };
        try (Scheduler.Run run = scheduler.along(schedule, grid)) {
            return run(x, grid.size(), (state, i) -> run.step(state, i, network));
        }
    }

    /**
     * Clean samples x0 [N, …] noised as at time t, to go on from there; the noise is that of {@link #start}.
     */
    public Tensor noised(Tensor x0, int t) {
        double alphaBar = schedule.alphaBar(t);
        DdimSpec mix = new DdimSpec(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), 0);
        return Scope.local(() -> DiffusionOps.ddimStep(x0, start(x0.device(), x0.shape()), null, mix));
    }

    /** (x − √ᾱ·x0)/√(1 − ᾱ). */
    private Tensor noiseOf(Tensor x, Tensor x0, int t) {
        double alphaBar = schedule.alphaBar(t);
        double inverse = 1 / Math.sqrt(1 - alphaBar);
        return DiffusionOps.ddimStep(x, x0, null, new DdimSpec(inverse, -Math.sqrt(alphaBar) * inverse, 0));
    }

    private interface Step {
        Tensor apply(Tensor x, int i);
    }

    /** Linear steps; the last one, and those whose σ is 0, add no noise. */
    private Tensor linear(Tensor x, TimeGrid grid, IntFunction<DdimSpec> coefficients) {
        return run(x, grid.size(), (state, i) -> {
            int t = grid.at(i);
            DdimSpec step = coefficients.apply(i);
            boolean quiet = step.sigma() == 0 || i == grid.size() - 1;
            Tensor z = quiet ? null : fresh(state, t);
            return DiffusionOps.ddimStep(state, predict(state, t), z, step);
        });
    }

    /** Runs the steps; of all that they allocate only the latest state lives on from one to the next. */
    private Tensor run(Tensor x, int steps, Step step) {
        Scope holder = Scope.detached();
        try {
            Tensor state = x;
            for (int i = 0; i < steps; i++) {
                Tensor before = state;
                int index = i;
                state = Scope.local(() -> step.apply(before, index));
                Scope next = Scope.detached();
                next.adopt(state);
                holder.close();
                holder = next;
                if (!progress.step(i + 1, steps)) {
                    throw new CancellationException(
                            "sampling was stopped after " + (i + 1) + " of " + steps + " steps");
                }
            }
            return steps == 0 ? state : Scope.current().adopt(state);
        } finally {
            holder.close();
        }
    }

    private Tensor predict(Tensor x, int t) {
        int[] all = new int[x.dim(0)];
        Arrays.fill(all, t);
        Tensor f = network.predict(x, Tensor.from(x.device(), HostTensor.of(Shape.of(all.length), all)));
        if (!f.shape().equals(x.shape())) {
            throw new IllegalArgumentException(
                    "the denoiser returned shape " + f.shape() + " for samples of shape " + x.shape());
        }
        return f;
    }

    private Tensor fresh(Tensor like, int t) {
        return noise(like.device(), like.shape(), Philox.stream("sampler step", t));
    }

    private Tensor noise(Device device, Shape shape, long stream) {
        long each = shape.dim(0) == 0 ? 0 : shape.elements() / shape.dim(0);
        return Random.normal(device, shape, seed, stream, firstSample * each);
    }
}
