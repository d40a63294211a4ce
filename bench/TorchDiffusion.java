package org.reverie.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import org.reverie.bench.Plan.Value;
import org.reverie.bench.TorchCode.Layers;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.models.stablediffusion.Autoencoder;
import org.reverie.models.stablediffusion.AutoencoderConfig;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.models.stablediffusion.UNetConfig;

/** The networks of latent diffusion models as TorchScript, written from the names of their checkpoints. */
final class TorchDiffusion {
    private static final double UNET_EPS = 1e-5;
    private static final double IMAGE_EPS = 1e-6;
    private static final ConvSpec POINT = ConvSpec.of(1);
    private static final ConvSpec SAME = ConvSpec.of(1).pad(1);
    private static final ConvSpec HALF = ConvSpec.of(2).pad(1);

    private final TorchCode code;

    TorchDiffusion(TorchCode code) {
        this.code = code;
    }

    /** A U-Net, whose weights are arguments once, however often it predicts. */
    Predictor predictor(DiffusionUNet network) {
        return new Predictor(network);
    }

    /** See {@link #predictor}. */
    final class Predictor {
        private final UNetConfig config;
        private final Layers layers;
        private String time;
        private String context;

        private Predictor(DiffusionUNet network) {
            config = network.config();
            layers = code.layers(network, config.groups());
        }

        /**
         * The predicted noise.
         *
         * @param waves the embedding of time {@code [N, width]}
         * @param states of the text {@code [N, L, contextWidth]}
         */
        Value noise(Value latents, String waves, String states) {
            context = states;
            String hidden = code.let("torch.silu(%s)", layers.linear(waves, "time_embedding.linear_1"));
            time = code.let("torch.silu(%s)", layers.linear(hidden, "time_embedding.linear_2"));
            Value h = layers.conv(latents, "conv_in", SAME);
            Deque<Value> skips = new ArrayDeque<>();
            if (!config.lean()) {
                skips.push(h);
            }
            int levels = config.levels();
            for (int i = 0; i < levels; i++) {
                String level = "down_blocks." + i;
                for (int j = 0; j < config.blocks(); j++) {
                    h = stage(h, level, j, i);
                    skips.push(h);
                }
                if (i < levels - 1) {
                    h = layers.conv(h, level + ".downsamplers.0.conv", HALF);
                    if (!config.lean()) {
                        skips.push(h);
                    }
                }
            }
            h = layers.residual(h, "mid_block.resnets.0", UNET_EPS, time);
            h = transformer(h, "mid_block.attentions.0");
            h = layers.residual(h, "mid_block.resnets.1", UNET_EPS, time);
            for (int i = 0; i < levels; i++) {
                String level = "up_blocks." + i;
                for (int j = 0; j < (config.lean() ? config.blocks() : config.blocks() + 1); j++) {
                    Value skip = skips.pop();
                    String both = code.let("torch.cat([%s, %s], 1)", h.name(), skip.name());
                    Value wide = h.with(both, h.channels() + skip.channels(), h.height(), h.width());
                    h = stage(wide, level, j, levels - 1 - i);
                }
                if (i < levels - 1) {
                    h = layers.conv(code.doubled(h), level + ".upsamplers.0.conv", SAME);
                }
            }
            return layers.conv(code.silu(layers.group(h, "conv_norm_out", UNET_EPS)), "conv_out", SAME);
        }

        private Value stage(Value x, String level, int j, int width) {
            Value h = layers.residual(x, level + ".resnets." + j, UNET_EPS, time);
            return config.attention().get(width) ? transformer(h, level + ".attentions." + j) : h;
        }

        private Value transformer(Value x, String name) {
            Value in = layers.conv(layers.group(x, name + ".norm", IMAGE_EPS), name + ".proj_in", POINT);
            String h = code.pixels(in);
            String block = name + ".transformer_blocks.0.";
            String pixels = layers.layer(h, block + "norm1");
            h = code.let("torch.add(%s, %s)", attention(pixels, pixels, block + "attn1."), h);
            h = code.let(
                    "torch.add_(%s, %s)", h, attention(layers.layer(h, block + "norm2"), context, block + "attn2."));
            String both = layers.linear(layers.layer(h, block + "norm3"), block + "ff.net.0.proj");
            int hidden = 4 * in.channels();
            String gated = code.let(
                    "torch.mul(torch.slice(%1$s, -1, 0, %2$d), torch.gelu(torch.slice(%1$s, -1, %2$d, %3$d)))",
                    both, hidden, 2 * hidden);
            h = code.let("torch.add_(%s, %s)", h, layers.linear(gated, block + "ff.net.2"));
            Value out = layers.conv(code.image(h, in), name + ".proj_out", POINT);
            return code.like(out, "torch.add_(%s, %s)", out.name(), x.name());
        }

        private String attention(String x, String from, String name) {
            String a = layers.attention(x, from, name + "to_q", name + "to_k", name + "to_v", config.heads(), false);
            return layers.linear(a, name + "to_out.0");
        }
    }

    /** The images of scaled latent images. */
    Value decoded(Autoencoder network, Value latents) {
        AutoencoderConfig config = network.config();
        Layers layers = code.layers(network, config.groups());
        Value h = code.like(latents, "torch.mul(%s, %s)", latents.name(), 1 / config.scale());
        h = layers.conv(layers.conv(h, "post_quant_conv", POINT), "decoder.conv_in", SAME);
        h = layers.residual(h, "decoder.mid_block.resnets.0", IMAGE_EPS, null);
        String name = "decoder.mid_block.attentions.0.";
        String pixels = code.pixels(layers.group(h, name + "group_norm", IMAGE_EPS));
        String a = layers.attention(pixels, pixels, name + "to_q", name + "to_k", name + "to_v", 1, false);
        Value attended = code.image(layers.linear(a, name + "to_out.0"), h);
        h = code.like(h, "torch.add(%s, %s)", attended.name(), h.name());
        h = layers.residual(h, "decoder.mid_block.resnets.1", IMAGE_EPS, null);
        for (int i = 0; i < config.levels(); i++) {
            String level = "decoder.up_blocks." + i;
            for (int j = 0; j <= config.blocks(); j++) {
                h = layers.residual(h, level + ".resnets." + j, IMAGE_EPS, null);
            }
            if (i < config.levels() - 1) {
                h = layers.conv(code.doubled(h), level + ".upsamplers.0.conv", SAME);
            }
        }
        return layers.conv(code.silu(layers.group(h, "decoder.conv_norm_out", IMAGE_EPS)), "decoder.conv_out", SAME);
    }

    /** A text encoder, whose weights are arguments once, however many prompts it reads. */
    Encoder encoder(ClipTextEncoder network) {
        return new Encoder(network);
    }

    /** See {@link #encoder}. */
    final class Encoder {
        private final ClipTextConfig config;
        private final Layers layers;

        private Encoder(ClipTextEncoder network) {
            config = network.config();
            layers = code.layers(network, 1);
        }

        /** The states of prompts given by their ids. */
        String states(String ids) {
            String h = code.let(
                    "torch.add(torch.embedding(%s, %s), %s)",
                    layers.tensor("text_model.embeddings.token_embedding.weight"),
                    ids,
                    layers.tensor("text_model.embeddings.position_embedding.weight"));
            for (int i = 0; i < config.layers(); i++) {
                String layer = "text_model.encoder.layers." + i + ".";
                String own = layer + "self_attn.";
                String x = layers.layer(h, layer + "layer_norm1");
                String a = layers.attention(x, x, own + "q_proj", own + "k_proj", own + "v_proj", config.heads(), true);
                h = code.let("torch.add(%s, %s)", layers.linear(a, own + "out_proj"), h);
                String wide = layers.linear(layers.layer(h, layer + "layer_norm2"), layer + "mlp.fc1");
                String gated = code.let("torch.mul(%1$s, torch.sigmoid(torch.mul(%1$s, 1.702)))", wide);
                h = code.let("torch.add_(%s, %s)", h, layers.linear(gated, layer + "mlp.fc2"));
            }
            return layers.layer(h, "text_model.final_layer_norm");
        }
    }
}
