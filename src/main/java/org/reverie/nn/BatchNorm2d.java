package org.reverie.nn;

import org.reverie.autograd.Tape;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Batch normalisation over the channels of {@code [N, H, W, C]}. In training it uses the batch's mean and biased variance
 * and moves the running ones by a tenth towards the batch's mean and unbiased variance, as PyTorch does.
 */
public final class BatchNorm2d extends Module {
    private static final double MOMENTUM = 0.1;

    private final double eps;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVariance;

    public BatchNorm2d(Initializer init, int channels, double eps) {
        this.eps = eps;
        Shape c = Shape.of(channels);
        weight = parameter("weight", init.constant(c, 1));
        bias = parameter("bias", init.constant(c, 0));
        runningMean = buffer("running_mean", init.constant(c, 0));
        runningVariance = buffer("running_var", init.constant(c, 1));
    }

    /** Inference: the running statistics are used and stay as they are. */
    public Tensor apply(Tensor x) {
        return Norms.batchNorm(x, weight, bias, runningMean, runningVariance, eps);
    }

    /** Training: the batch's statistics are used, and the running ones follow. */
    public Tensor train(Tensor x) {
        return train(x, x.dim(0));
    }

    /** As above, but the running statistics follow those of the first {@code followed} of the batch's images alone. */
    public Tensor train(Tensor x, int followed) {
        Tensor[] r = Norms.batchNormTrain(x, weight, bias, eps);
        Tape.paused(() -> {
            try (Scope scope = Scope.open()) {
                boolean all = followed == x.dim(0);
                Tensor seen = all ? x : Shaping.slice(x, 0, 0, followed);
                Tensor[] s = all ? r : Norms.batchNormTrain(seen, null, null, eps);
                long n = seen.elements() / seen.dim(-1);
                follow(runningMean, s[1], 1);
                follow(runningVariance, s[2], n / (double) Math.max(1, n - 1));
            }
            return null;
        });
        return r[0];
    }

    /** running ← (1 − 0.1) · running + 0.1 · factor · batch. */
    private static void follow(Tensor running, Tensor batch, double factor) {
        Tensor next = Pointwise.add(Pointwise.scale(running, 1 - MOMENTUM), Pointwise.scale(batch, MOMENTUM * factor));
        write(running, next.toHost());
    }
}
