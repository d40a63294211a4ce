package org.reverie.op;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** What contractions do to a finished sum in the same op: + bias, then + residual, then the activation. */
final class Epilogue {
    private Epilogue() {}

    /** The epilogue of output element i, whose channel runs fastest; bias is input 2, residual input 3. */
    static double apply(ReferenceCall<?> c, Activation activation, double sum, int i, int channels) {
        double y = sum;
        if (c.has(2)) {
            y = c.math().add(y, c.in(2)[i % channels]);
        }
        if (c.has(3)) {
            y = c.math().add(y, c.in(3)[i]);
        }
        return ActivationFunctions.apply(c.math(), activation, y);
    }

    static void checkBias(TensorSpec bias, int channels) {
        if (Rules.optionalFloating(bias, "bias") != null) {
            Rules.check(
                    bias.shape().rank() == 1 && bias.shape().dim(0) == channels,
                    "bias must have one number for each of %d output channels, but its shape is %s",
                    channels,
                    bias.shape());
        }
    }

    static void checkResidual(TensorSpec residual, TensorSpec output) {
        if (Rules.optionalFloating(residual, "residual") != null) {
            Rules.shape(residual, output.shape(), "residual");
        }
    }

    /** Whether the activation is better run as an op of its own, so that its gradient finds what went into it. */
    static boolean splits(Activation activation, Tensor... inputs) {
        return activation != Activation.NONE
                && Engine.recorder() != null
                && Engine.recorder().wants(inputs);
    }

    /** Sum over everything but the channels (rule 3). */
    static Tensor biasGradient(Tensor g) {
        int[] axes = java.util.stream.IntStream.range(0, g.rank() - 1).toArray();
        return axes.length == 0 ? g : Reductions.sum(g, axes);
    }
}
