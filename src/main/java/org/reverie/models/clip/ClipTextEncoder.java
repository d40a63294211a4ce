package org.reverie.models.clip;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.nn.Initializer;
import org.reverie.nn.LayerNorm;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Attention;
import org.reverie.op.Engine;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * CLIP's text encoder (Radford et al. 2021): a causal transformer with pre-norm layers; the states after the last norm
 * are what Stable Diffusion is conditioned on. Names are those of Hugging Face's {@code CLIPTextModel}.
 */
public final class ClipTextEncoder extends Module {
    private static final double EPS = 1e-5;
    private static final double START_DEVIATION = 0.02;

    private final ClipTextConfig config;
    private final Tensor tokens;
    private final Tensor positions;
    private final List<Layer> layers = new ArrayList<>();
    private final LayerNorm finalNorm;

    public ClipTextEncoder(Initializer init, ClipTextConfig config) {
        this.config = config;
        String embeddings = "text_model.embeddings.";
        tokens = table(init, embeddings + "token_embedding.weight", config.vocabulary());
        positions = table(init, embeddings + "position_embedding.weight", config.positions());
        for (int i = 0; i < config.layers(); i++) {
            String name = "text_model.encoder.layers." + i;
            layers.add(part(name, new Layer(init.in(name), config)));
        }
        finalNorm = part("text_model.final_layer_norm", norm(init, config));
    }

    private Tensor table(Initializer init, String name, int rows) {
        return parameter(name, init.normal(name, Shape.of(rows, config.width()), START_DEVIATION));
    }

    public ClipTextConfig config() {
        return config;
    }

    /** The table of token embeddings {@code [vocabulary, width]}. */
    public Tensor tokenTable() {
        return tokens;
    }

    /** The states {@code [N, L, width]} of prompts given by their I32 ids {@code [N, L]}, L at most the positions. */
    public Tensor apply(Tensor ids) {
        return encode(Shaping.embedding(tokens, ids));
    }

    /** The same from token embeddings {@code [N, L, width]}, so that one of them can be another than the table's. */
    public Tensor encode(Tensor embedded) {
        int length = embedded.dim(1);
        if (length > config.positions()) {
            throw new IllegalArgumentException("a prompt has at most " + config.positions() + " tokens, not " + length);
        }
        Tensor x = Pointwise.add(embedded, Shaping.slice(positions, 0, 0, length));
        for (Layer layer : layers) {
            Tensor before = x;
            x = Engine.local(() -> layer.apply(before));
        }
        return finalNorm.apply(x);
    }

    private static LayerNorm norm(Initializer init, ClipTextConfig config) {
        return new LayerNorm(init, Shape.of(config.width()), EPS);
    }

    /** x + attention(norm x), then x + perceptron(norm x). */
    private static final class Layer extends Module {
        private final int heads;
        private final LayerNorm norm1;
        private final LinearLayer query;
        private final LinearLayer key;
        private final LinearLayer value;
        private final LinearLayer out;
        private final LayerNorm norm2;
        private final LinearLayer first;
        private final LinearLayer second;

        Layer(Initializer init, ClipTextConfig config) {
            heads = config.heads();
            int width = config.width();
            norm1 = part("layer_norm1", norm(init, config));
            query = linear(init, "self_attn.q_proj", width, width);
            key = linear(init, "self_attn.k_proj", width, width);
            value = linear(init, "self_attn.v_proj", width, width);
            out = linear(init, "self_attn.out_proj", width, width);
            norm2 = part("layer_norm2", norm(init, config));
            first = linear(init, "mlp.fc1", width, config.hidden());
            second = linear(init, "mlp.fc2", config.hidden(), width);
        }

        private LinearLayer linear(Initializer init, String name, int in, int to) {
            return part(name, new LinearLayer(init.in(name), in, to));
        }

        Tensor apply(Tensor x) {
            Tensor h = norm1.apply(x);
            double scale = 1 / Math.sqrt(x.dim(2) / (double) heads);
            Tensor a = Attention.attention(
                    heads(query.apply(h)),
                    heads(key.apply(h)),
                    heads(value.apply(h)),
                    null,
                    new AttentionSpec(scale, true));
            Tensor y = out.residual(Views.reshape(Views.permute(a, 0, 2, 1, 3), x.shape()), x);
            return second.residual(first.apply(norm2.apply(y), Activation.QUICK_GELU), y);
        }

        private Tensor heads(Tensor x) {
            Tensor cut = Views.reshape(x, x.dim(0), x.dim(1), heads, x.dim(2) / heads);
            return Views.permute(cut, 0, 2, 1, 3);
        }
    }
}
