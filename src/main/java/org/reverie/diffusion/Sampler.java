package org.reverie.diffusion;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Random;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Draws samples with a denoising network, or denoises given ones. A step is one kernel beside those of the network, with guidance
 * and noise in it; no gradient flows through it.
 *
 * <p>Noise comes from the streams {@code "sampler start"} and {@code ("sampler step", t)} of the seed; sample n takes the
 * n-th part of a stream. So samples do not depend on how they are cut into batches: the second batch is drawn with numbers that
 * begin with the size of the first.
 *
 * @param schedule the process that the network was trained on
 * @param network the network
 * @param prediction what it predicts
 * @param seed of all noise
 * @param numbers of the samples of the batch
 * @param progress hears of every step
 */
public record Sampler(
        NoiseSchedule schedule,
        Denoiser network,
        Prediction prediction,
        long seed,
        Numbers numbers,
        Progress progress) {
    /** Which samples of the seed a batch holds. */
    @FunctionalInterface
    public interface Numbers {
        /** I32 or I64 [count], not negative. */
        Tensor of(Device device, int count);

        /** One after the other. */
        static Numbers from(long first) {
            return (device, count) -> Tensor.from(device, range(first, count));
        }

        /** first, first + 1, …, as I64 [count]. */
        static HostTensor range(long first, int count) {
            long[] all = new long[count];
            Arrays.setAll(all, i -> first + i);
            return HostTensor.of(Shape.of(count), all);
        }
    }

    public Sampler(NoiseSchedule schedule, Denoiser network, Prediction prediction, long seed) {
        this(schedule, network, prediction, seed, Numbers.from(0), Progress.NONE);
    }

    public Sampler withProgress(Progress p) {
        return new Sampler(schedule, network, prediction, seed, numbers, p);
    }

    /** For the batch whose samples are numbered from {@code first} on. */
    public Sampler withFirstSample(long first) {
        return withNumbers(Numbers.from(first));
    }

    public Sampler withNumbers(Numbers n) {
        return new Sampler(schedule, network, prediction, seed, n, progress);
    }

    /** Pure noise [N, …] to start from. */
    public Tensor start(Device device, Shape shape) {
        return Scope.local(() -> Random.normalRows(
                numbers.of(device, shape.dim(0)), shape.without(0), seed, Philox.stream("sampler start")));
    }

    /** Ancestral sampling over all T steps with fresh noise of variance βₜ, from pure noise x [N, …]. */
    public Tensor ddpm(Tensor x) {
        TimeGrid grid = TimeGrid.even(schedule, schedule.steps());
        return run(
                x,
                grid,
                i -> prediction == Prediction.X0
                        ? SamplerStepSpec.of(Steps.ddpmFromX0(schedule, grid.at(i), false))
                        : SamplerStepSpec.of(Steps.ddpm(schedule, grid.at(i), false)));
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
        return run(x, grid, i -> SamplerStepSpec.of(Steps.ddim(schedule, prediction, grid.at(i), grid.at(i + 1), eta)));
    }

    /** By any method, along any grid; x [N, …] is noised as at the grid's first time. */
    public Tensor sample(Tensor x, Scheduler scheduler, TimeGrid grid) {
        try (Scheduler.Run run = scheduler.along(schedule, grid)) {
            return run(x, grid.size(), (state, i, rows) -> run.step(state, i, evaluation(rows)));
        }
    }

    private Scheduler.Evaluation evaluation(Tensor rows) {
        boolean knowsNoise = prediction == Prediction.EPSILON;
        return new Scheduler.Evaluation() {
            @Override
            public Tensor predict(Tensor x, int t) {
                Tensor f = Sampler.this.predict(x, t);
                return knowsNoise ? f : noiseOf(x, f, t);
            }

            @Override
            public Tensor[] step(SamplerStepSpec step, Tensor x, Tensor f, int t, List<Tensor> earlier) {
                return advance(step.guided(knowsNoise ? network.guidance() : 1), x, f, t, rows, earlier);
            }
        };
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
        SamplerStepSpec noise = SamplerStepSpec.linear(inverse, -Math.sqrt(alphaBar) * inverse);
        return DiffusionOps.samplerStep(noise.guided(network.guidance()), x, x0, null, List.of())[0];
    }

    /** A step with the noise that belongs to time t. */
    private Tensor[] advance(SamplerStepSpec step, Tensor x, Tensor f, int t, Tensor rows, List<Tensor> earlier) {
        return DiffusionOps.samplerStep(step.drawn(seed, Philox.stream("sampler step", t)), x, f, rows, earlier);
    }

    private interface Step {
        Tensor apply(Tensor x, int i, Tensor rows);
    }

    /** Steps of which each needs nothing but the state and what the network says of it; the last one adds no noise. */
    private Tensor run(Tensor x, TimeGrid grid, IntFunction<SamplerStepSpec> steps) {
        return run(x, grid.size(), (state, i, rows) -> {
            int t = grid.at(i);
            SamplerStepSpec step = steps.apply(i).guided(network.guidance());
            SamplerStepSpec last = i == grid.size() - 1 ? step.noisy(0) : step;
            return advance(last, state, predict(state, t), t, rows, List.of())[0];
        });
    }

    /** Runs the steps; of all that they allocate only the latest state lives on from one to the next. */
    private Tensor run(Tensor x, int steps, Step step) {
        Scope holder = Scope.detached();
        try (Scope own = Scope.open()) {
            Tensor rows = numbers.of(x.device(), x.dim(0));
            Tensor state = x;
            for (int i = 0; i < steps; i++) {
                Tensor before = state;
                int index = i;
                state = Scope.local(() -> step.apply(before, index, rows));
                Scope next = Scope.detached();
                next.adopt(state);
                holder.close();
                holder = next;
                if (!progress.step(i + 1, steps)) {
                    throw new CancellationException(
                            "sampling was stopped after " + (i + 1) + " of " + steps + " steps");
                }
            }
            return steps == 0 ? state : own.keep(own.adopt(state));
        } finally {
            holder.close();
        }
    }

    private Tensor predict(Tensor x, int t) {
        int[] all = new int[x.dim(0)];
        Arrays.fill(all, t);
        Tensor f = network.predict(x, Tensor.from(x.device(), HostTensor.of(Shape.of(all.length), all)));
        int count = network.guidance() == 1 ? x.dim(0) : 2 * x.dim(0);
        if (!f.shape().equals(x.shape().without(0).insert(0, count))) {
            throw new IllegalArgumentException(
                    "the denoiser returned shape " + f.shape() + " for samples of shape " + x.shape());
        }
        return f;
    }
}
