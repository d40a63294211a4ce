package org.reverie.diffusion;

import org.reverie.tensor.Device;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * How much noise a diffusion process adds at each of its T steps, 0-based: βₜ, αₜ = 1 − βₜ, ᾱₜ = α₀·…·αₜ. Everything is
 * worked out in double, in ascending t, and rounded to f32 where tensors or kernels take it over.
 */
public final class NoiseSchedule {
    private final double[] beta;
    private final double[] alphaBar;

    private NoiseSchedule(double[] beta) {
        if (beta.length == 0) {
            throw new IllegalArgumentException("a noise schedule needs at least one step");
        }
        this.beta = beta;
        this.alphaBar = new double[beta.length];
        double product = 1;
        for (int t = 0; t < beta.length; t++) {
            if (!(beta[t] > 0 && beta[t] < 1)) {
                throw new IllegalArgumentException("β must be between 0 and 1, but β of step " + t + " is " + beta[t]);
            }
            product *= 1 - beta[t];
            alphaBar[t] = product;
        }
    }

    /** β linear from {@code first} to {@code last} (Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models"). */
    public static NoiseSchedule linear(int steps, double first, double last) {
        double[] beta = new double[Math.max(steps, 0)];
        for (int t = 0; t < beta.length; t++) {
            beta[t] = first + position(t, steps) * (last - first);
        }
        return new NoiseSchedule(beta);
    }

    /** √β linear from √{@code first} to √{@code last}, as latent diffusion models have it. */
    public static NoiseSchedule sqrtLinear(int steps, double first, double last) {
        double from = Math.sqrt(first);
        double to = Math.sqrt(last);
        double[] beta = new double[Math.max(steps, 0)];
        for (int t = 0; t < beta.length; t++) {
            double root = from + position(t, steps) * (to - from);
            beta[t] = root * root;
        }
        return new NoiseSchedule(beta);
    }

    private static double position(int t, int steps) {
        return steps == 1 ? 0 : (double) t / (steps - 1);
    }

    /** T. */
    public int steps() {
        return beta.length;
    }

    public double beta(int t) {
        return beta[check(t)];
    }

    /** ᾱₜ; 1 for t = −1, which stands for no noise at all. */
    public double alphaBar(int t) {
        return t == -1 ? 1 : alphaBar[check(t)];
    }

    /** The table √ᾱₜ [T] for {@code DiffusionOps.qSample}, in the current scope. */
    public Tensor sqrtAlphaBar(Device device) {
        float[] table = new float[beta.length];
        for (int t = 0; t < table.length; t++) {
            table[t] = (float) Math.sqrt(alphaBar[t]);
        }
        return Tensor.of(device, Shape.of(table.length), table);
    }

    /** The table √(1 − ᾱₜ) [T] for {@code DiffusionOps.qSample}, in the current scope. */
    public Tensor sqrtOneMinusAlphaBar(Device device) {
        float[] table = new float[beta.length];
        for (int t = 0; t < table.length; t++) {
            table[t] = (float) Math.sqrt(1 - alphaBar[t]);
        }
        return Tensor.of(device, Shape.of(table.length), table);
    }

    /** {@code count} time steps spread evenly over the process, descending from T − 1; all of them if count is T. */
    public int[] spaced(int count) {
        if (count < 1 || count > steps()) {
            throw new IllegalArgumentException("cannot choose " + count + " of " + steps() + " time steps");
        }
        int[] times = new int[count];
        for (int i = 0; i < count; i++) {
            times[i] = (int) (((long) (count - i) * steps() + count / 2) / count) - 1;
        }
        return times;
    }

    private int check(int t) {
        if (t < 0 || t >= beta.length) {
            throw new IllegalArgumentException("time step " + t + " is not in 0 … " + (beta.length - 1));
        }
        return t;
    }
}
