package org.reverie.ood.dlsr;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.models.Progress;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Repeated;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Reconstructs normalised features with a trained network. The noise of a sample comes from a stream named by the seed and
 * the sample's index, so results depend neither on the batch nor on the order.
 */
public final class Denoiser {
    /** The network's part: clean features from noisy ones at one time step. */
    public interface Network {
        /** @param t I32 {@code [1]} */
        Tensor apply(Tensor noisy, Tensor t);
    }

    private static final int BATCH = 256;

    private final Device device;
    private final Network network;
    private final int dimension;
    private final Reconstruction how;
    private final long seed;
    private final double[] alphaBar;

    public Denoiser(Device device, Network network, int dimension, Reconstruction how, long seed) {
        this.device = device;
        this.network = network;
        this.dimension = dimension;
        this.how = how;
        this.seed = seed;
        NoiseSchedule schedule = Schedules.dlsr();
        this.alphaBar = IntStream.range(0, Schedules.STEPS)
                .mapToDouble(schedule::alphaBar)
                .toArray();
    }

    /** The reconstruction of every row of {@code [n, d]}. */
    public float[] reconstruct(float[] normalized, Progress progress) {
        float[] out = new float[normalized.length];
        int n = normalized.length / dimension;
        if (isPure() && n >= 2 * BATCH) {
            repeat(normalized, n, out, progress);
            return out;
        }
        for (int from = 0; from < n; from += BATCH) {
            int rows = Math.min(BATCH, n - from);
            float[] part = Arrays.copyOfRange(normalized, from * dimension, (from + rows) * dimension);
            try (Scope scope = Scope.open()) {
                Tensor z0 = Tensor.from(device, HostTensor.of(Shape.of(rows, dimension), part));
                float[] result = batch(z0, from).toFloats();
                System.arraycopy(result, 0, out, from * dimension, result.length);
            }
            progress.at("reconstruction", from + rows, n, "");
        }
        return out;
    }

    /** Whether a reconstruction depends on the features alone. */
    private boolean isPure() {
        return !how.noise() && how.mode() != Reconstruction.Mode.COMPAT;
    }

    /** Whole batches, and at the end the last {@link #BATCH} rows once more: rows do not depend on each other. */
    private void repeat(float[] normalized, int n, float[] out, Progress progress) {
        Shape shape = Shape.of(BATCH, dimension);
        try (Repeated network = new Repeated(
                device,
                List.of(new TensorSpec(DType.F32, shape)),
                in -> List.of(Scope.local(() -> batch(in.getFirst(), 0))))) {
            for (int done = 0; done < n; ) {
                int from = Math.min(done, n - BATCH);
                done = from + BATCH;
                float[] part = Arrays.copyOfRange(normalized, from * dimension, done * dimension);
                float[] result =
                        network.apply(HostTensor.of(shape, part)).getFirst().toFloats();
                System.arraycopy(result, 0, out, from * dimension, result.length);
                progress.at("reconstruction", done, n, "");
            }
        }
    }

    private Tensor batch(Tensor z0, int firstRow) {
        return switch (how.mode()) {
            case FAST -> network.apply(noised(z0, how.time(), firstRow), step(how.time()));
            case CLEAN -> clean(z0, firstRow);
            case COMPAT -> compat(z0, firstRow);
        };
    }

    private Tensor clean(Tensor z0, int firstRow) {
        int[] times = times(how.time(), how.steps());
        Tensor x = noised(z0, times[0], firstRow);
        for (int i = 0; i < times.length - 1; i++) {
            Tensor f = network.apply(x, step(times[i]));
            x = combine(StepCoefficients.ddim(alphaBar[times[i]], alphaBar[times[i + 1]]), x, f, null);
        }
        return network.apply(x, step(times[times.length - 1]));
    }

    /** K time steps from t down to 0 in strides as equal as integers allow; just t for K = 1. */
    static int[] times(int t, int k) {
        int[] times = new int[k];
        for (int i = 0; i < k; i++) {
            times[i] = k == 1 ? t : (int) Math.round(t * (k - 1 - i) / (double) (k - 1));
        }
        return times;
    }

    private Tensor compat(Tensor z0, int firstRow) {
        int k = how.time();
        Tensor x = noised(z0, clamp(k), firstRow);
        for (int i = k - 1; i >= 0; i--) {
            Tensor f = network.apply(x, step(clamp(i + 1)));
            StepCoefficients c =
                    StepCoefficients.compat(alphaBar[clamp(i + 1)], alphaBar[i], alphaBar[Math.max(0, i - 1)]);
            x = combine(c, x, f, i == 0 ? null : normal(z0.shape(), firstRow, k - i));
        }
        return x;
    }

    /** K = 100 would read past the table of 100 (decision on row 4 of §7). */
    private static int clamp(int t) {
        return Math.min(t, Schedules.STEPS - 1);
    }

    private Tensor noised(Tensor z0, int t, int firstRow) {
        Tensor scaled = Pointwise.scale(z0, Math.sqrt(alphaBar[t]));
        if (!how.noise()) {
            return scaled;
        }
        return Pointwise.add(scaled, Pointwise.scale(normal(z0.shape(), firstRow, 0), Math.sqrt(1 - alphaBar[t])));
    }

    private static Tensor combine(StepCoefficients c, Tensor x, Tensor f, Tensor w) {
        Tensor sum = Pointwise.add(Pointwise.scale(x, c.x()), Pointwise.scale(f, c.f()));
        return w == null ? sum : Pointwise.add(sum, Pointwise.scale(w, c.w()));
    }

    /** Drawn where it is needed: a loop of steps goes on without waiting for the device. */
    private Tensor normal(Shape shape, int firstRow, int draw) {
        Tensor[] rows = new Tensor[shape.dim(0)];
        for (int i = 0; i < rows.length; i++) {
            long stream = Philox.stream("dlsr.score", draw, firstRow + i);
            rows[i] = Random.normal(device, Shape.of(1, dimension), seed, stream);
        }
        return Shaping.concat(0, rows);
    }

    private Tensor step(int t) {
        return Tensor.from(device, HostTensor.of(Shape.of(1), t));
    }
}
