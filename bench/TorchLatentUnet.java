package org.reverie.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.reverie.models.stablediffusion.UNetConfig;

/** The U-Net of latent diffusion models as TorchScript, written from the names of a diffusers checkpoint. */
final class TorchLatentUnet {
    private final UNetConfig config;
    private final Map<String, String> names;
    private final StringBuilder script = new StringBuilder();
    private int values;
    private String time;
    private String context;

    /** @param names what the script calls each tensor of the checkpoint */
    TorchLatentUnet(UNetConfig config, Map<String, String> names) {
        this.config = config;
        this.names = names;
    }

    /**
     * Statements that return the predicted noise.
     *
     * @param latents NCHW
     * @param waves the embedding of time {@code [N, width]}
     * @param states of the text {@code [N, L, contextWidth]}
     * @param side of the latent images
     */
    String noise(String latents, String waves, String states, int side) {
        context = states;
        time = silu(linear(silu(linear(waves, "time_embedding.linear_1")), "time_embedding.linear_2"));
        String h = conv(latents, "conv_in", 1, 1);
        Deque<String> skips = new ArrayDeque<>();
        if (!config.lean()) {
            skips.push(h);
        }
        int levels = config.levels();
        int size = side;
        for (int i = 0; i < levels; i++) {
            String level = "down_blocks." + i;
            for (int j = 0; j < config.blocks(); j++) {
                h = stage(h, level, j, i);
                skips.push(h);
            }
            if (i < levels - 1) {
                h = conv(h, level + ".downsamplers.0.conv", 2, 1);
                size /= 2;
                if (!config.lean()) {
                    skips.push(h);
                }
            }
        }
        h = residual(h, "mid_block.resnets.0");
        h = transformer(h, "mid_block.attentions.0", config.width(levels - 1));
        h = residual(h, "mid_block.resnets.1");
        for (int i = 0; i < levels; i++) {
            String level = "up_blocks." + i;
            for (int j = 0; j < (config.lean() ? config.blocks() : config.blocks() + 1); j++) {
                h = stage(let("torch.cat([" + h + ", " + skips.pop() + "], 1)"), level, j, levels - 1 - i);
            }
            if (i < levels - 1) {
                size *= 2;
                String large = let("torch.upsample_nearest2d(%s, [%d, %d])".formatted(h, size, size));
                h = conv(large, level + ".upsamplers.0.conv", 1, 1);
            }
        }
        String noise = conv(silu(group(h, "conv_norm_out", 1e-5)), "conv_out", 1, 1);
        return script + "return [" + noise + "]";
    }

    private String stage(String x, String level, int j, int width) {
        String h = residual(x, level + ".resnets." + j);
        return config.attention().get(width) ? transformer(h, level + ".attentions." + j, config.width(width)) : h;
    }

    private String residual(String x, String name) {
        String h = conv(silu(group(x, name + ".norm1", 1e-5)), name + ".conv1", 1, 1);
        String shift = linear(time, name + ".time_emb_proj");
        h = let("torch.add_(" + h + ", torch.unsqueeze(torch.unsqueeze(" + shift + ", -1), -1))");
        h = conv(silu(group(h, name + ".norm2", 1e-5)), name + ".conv2", 1, 1);
        String around = names.containsKey(name + ".conv_shortcut.weight") ? conv(x, name + ".conv_shortcut", 1, 0) : x;
        return let("torch.add_(" + h + ", " + around + ")");
    }

    private String transformer(String x, String name, int channels) {
        String in = conv(group(x, name + ".norm", 1e-6), name + ".proj_in", 1, 0);
        String h = let("torch.transpose(torch.flatten(" + in + ", 2), 1, 2)");
        String block = name + ".transformer_blocks.0.";
        String pixels = layer(h, block + "norm1", channels);
        h = let("torch.add(" + attention(pixels, pixels, block + "attn1", channels) + ", " + h + ")");
        String asked = layer(h, block + "norm2", channels);
        h = let("torch.add_(" + h + ", " + attention(asked, context, block + "attn2", channels) + ")");
        String both = linear(layer(h, block + "norm3", channels), block + "ff.net.0.proj");
        String gated = let("torch.mul(torch.slice(%1$s, -1, 0, %2$d), torch.gelu(torch.slice(%1$s, -1, %2$d, %3$d)))"
                .formatted(both, 4 * channels, 8 * channels));
        h = let("torch.add_(" + h + ", " + linear(gated, block + "ff.net.2") + ")");
        String image =
                let("torch.view_as(torch.contiguous(torch.transpose(" + h + ", 1, 2)), torch.contiguous(" + in + "))");
        return let("torch.add_(" + conv(image, name + ".proj_out", 1, 0) + ", " + x + ")");
    }

    private String attention(String x, String from, String name, int channels) {
        String a = let("torch.scaled_dot_product_attention(%s, %s, %s)"
                .formatted(
                        heads(x, name + ".to_q", channels),
                        heads(from, name + ".to_k", channels),
                        heads(from, name + ".to_v", channels)));
        return linear(let("torch.flatten(torch.transpose(" + a + ", 1, 2), 2)"), name + ".to_out.0");
    }

    private String heads(String x, String name, int channels) {
        return let("torch.transpose(torch.unflatten(%s, -1, [%d, %d]), 1, 2)"
                .formatted(linear(x, name), config.heads(), channels / config.heads()));
    }

    private String let(String expression) {
        String name = "v" + values++;
        script.append(name).append(" = ").append(expression).append('\n');
        return name;
    }

    private String conv(String x, String name, int stride, int pad) {
        return let("torch.conv2d(%s, %s, %s, [%d, %d], [%d, %d], [1, 1], 1)"
                .formatted(x, names.get(name + ".weight"), names.get(name + ".bias"), stride, stride, pad, pad));
    }

    private String linear(String x, String name) {
        String bias = names.getOrDefault(name + ".bias", "None");
        return let("torch.linear(" + x + ", " + names.get(name + ".weight") + ", " + bias + ")");
    }

    private String group(String x, String name, double eps) {
        return let("torch.group_norm(%s, %d, %s, %s, %s)"
                .formatted(x, config.groups(), names.get(name + ".weight"), names.get(name + ".bias"), eps));
    }

    private String layer(String x, String name, int channels) {
        return let("torch.layer_norm(%s, [%d], %s, %s, 1e-05)"
                .formatted(x, channels, names.get(name + ".weight"), names.get(name + ".bias")));
    }

    private String silu(String x) {
        return let("torch.silu(" + x + ")");
    }
}
