package org.reverie.models.stablediffusion;

import org.reverie.device.spec.AttentionSpec;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Attention;
import org.reverie.op.Views;
import org.reverie.tensor.Tensor;

/** Attention with projections before and behind it; queries come from one sequence, keys and values from another. */
final class MultiHeadAttention extends Module {
    private final int heads;
    private final LinearLayer query;
    private final LinearLayer key;
    private final LinearLayer value;
    private final LinearLayer out;

    /**
     * @param width of the sequence that asks, and of the result
     * @param contextWidth of the sequence that is asked
     * @param biased whether queries, keys and values have biases
     */
    MultiHeadAttention(Initializer init, int width, int contextWidth, int heads, boolean biased) {
        this.heads = heads;
        query = part("to_q", new LinearLayer(init.in("to_q"), width, width, biased));
        key = part("to_k", new LinearLayer(init.in("to_k"), contextWidth, width, biased));
        value = part("to_v", new LinearLayer(init.in("to_v"), contextWidth, width, biased));
        out = part("to_out.0", new LinearLayer(init.in("to_out.0"), width, width));
    }

    /** What x {@code [N, L, width]} learns from context {@code [N, M, contextWidth]}, added to a residual of x's shape. */
    Tensor residual(Tensor x, Tensor context, Tensor residual) {
        double scale = 1 / Math.sqrt(x.dim(2) / (double) heads);
        Tensor a = Attention.attention(
                cut(query.apply(x)),
                cut(key.apply(context)),
                cut(value.apply(context)),
                null,
                new AttentionSpec(scale, false));
        return out.residual(Views.reshape(Views.permute(a, 0, 2, 1, 3), x.shape()), residual);
    }

    /** {@code [N, L, width] → [N, heads, L, width / heads]}. */
    private Tensor cut(Tensor x) {
        return Views.permute(Views.reshape(x, x.dim(0), x.dim(1), heads, x.dim(2) / heads), 0, 2, 1, 3);
    }
}
