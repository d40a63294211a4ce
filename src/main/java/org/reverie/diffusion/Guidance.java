package org.reverie.diffusion;

import org.reverie.op.Shaping;
import org.reverie.tensor.Tensor;

/** Classifier-free guidance (Ho and Salimans 2022): away from what the network predicts when it is told nothing. */
public final class Guidance {
    private Guidance() {}

    /** A denoising network that is told something of each sample. */
    @FunctionalInterface
    public interface Conditional {
        /**
         * @param x noisy samples [N, …]
         * @param t their time steps, I32 [N]
         * @param context what is known of each, [N, …]
         */
        Tensor predict(Tensor x, Tensor t, Tensor context);
    }

    /**
     * A network that predicts u + scale·(c − u), where u and c are the predictions for the two contexts; both are worked out in one
     * batch, and combined in the kernel of the sampler's step. With scale 1 that is c, and the network is asked for nothing else.
     *
     * @param nothing the context of what to stay away from, [N, …]
     * @param context the context of what is wanted, [N, …]
     */
    public static Denoiser of(Conditional network, Tensor nothing, Tensor context, double scale) {
        if (scale == 1) {
            return (x, t) -> network.predict(x, t, context);
        }
        return new Guided(network, Shaping.concat(0, nothing, context), scale);
    }

    private record Guided(Conditional network, Tensor contexts, double guidance) implements Denoiser {
        @Override
        public Tensor predict(Tensor x, Tensor t) {
            return network.predict(Shaping.concat(0, x, x), Shaping.concat(0, t, t), contexts);
        }
    }
}
