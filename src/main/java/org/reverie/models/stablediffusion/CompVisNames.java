package org.reverie.models.stablediffusion;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that parameters have in checkpoints of the original program (CompVis/latent-diffusion), made from the names
 * used here, which are those of diffusers folders.
 */
final class CompVisNames {
    static final String UNET = "model.diffusion_model.";
    static final String AUTOENCODER = "first_stage_model.";
    static final String TEXT = "cond_stage_model.transformer.";

    private static final Pattern BLOCK =
            Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(resnets|attentions)\\.(\\d+)\\.(.+)");
    private static final Pattern MIDDLE = Pattern.compile("mid_block\\.(resnets|attentions)\\.(\\d+)\\.(.+)");
    private static final Pattern RESAMPLE =
            Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(?:down|up)samplers\\.0\\.conv\\.(.+)");

    private static final Map<String, String> OUTSIDE = Map.of(
            "time_embedding.linear_1", "time_embed.0",
            "time_embedding.linear_2", "time_embed.2",
            "conv_in", "input_blocks.0.0",
            "conv_norm_out", "out.0",
            "conv_out", "out.2");

    private static final Map<String, String> IN_BLOCK = Map.of(
            "norm1", "in_layers.0",
            "conv1", "in_layers.2",
            "time_emb_proj", "emb_layers.1",
            "norm2", "out_layers.0",
            "conv2", "out_layers.3",
            "conv_shortcut", "skip_connection");

    private static final Map<String, String> IN_ATTENTION = Map.of(
            "group_norm", "norm",
            "to_q", "q",
            "to_k", "k",
            "to_v", "v",
            "to_out.0", "proj_out");

    private CompVisNames() {}

    /** The whole name of a U-Net's parameter. */
    static String unet(String name, UNetConfig config) {
        int stride = config.blocks() + 1;
        Matcher m = BLOCK.matcher(name);
        if (m.matches()) {
            int level = Integer.parseInt(m.group(2));
            int j = Integer.parseInt(m.group(4));
            boolean block = m.group(3).equals("resnets");
            String rest = block ? rename(m.group(5), IN_BLOCK) : m.group(5);
            String place = m.group(1).equals("down")
                    ? "input_blocks." + (stride * level + j + 1)
                    : "output_blocks." + (stride * level + j);
            return UNET + place + (block ? ".0." : ".1.") + rest;
        }
        m = MIDDLE.matcher(name);
        if (m.matches()) {
            boolean block = m.group(1).equals("resnets");
            int place = block ? 2 * Integer.parseInt(m.group(2)) : 1;
            return UNET + "middle_block." + place + "." + (block ? rename(m.group(3), IN_BLOCK) : m.group(3));
        }
        m = RESAMPLE.matcher(name);
        if (m.matches()) {
            int level = Integer.parseInt(m.group(2));
            if (m.group(1).equals("down")) {
                return UNET + "input_blocks." + stride * (level + 1) + ".0.op." + m.group(3);
            }
            boolean attends = config.attention().get(config.levels() - 1 - level);
            return UNET + "output_blocks." + (stride * level + stride - 1) + (attends ? ".2" : ".1") + ".conv."
                    + m.group(3);
        }
        return UNET + rename(name, OUTSIDE);
    }

    /** The whole name of an autoencoder's parameter. */
    static String autoencoder(String name, AutoencoderConfig config) {
        int dot = name.indexOf('.');
        String half = name.substring(0, dot + 1);
        String rest = name.substring(dot + 1);
        Matcher m = BLOCK.matcher(rest);
        if (m.matches()) {
            return AUTOENCODER + half + level(m, config) + ".block." + m.group(4) + "." + shortcut(m.group(5));
        }
        m = RESAMPLE.matcher(rest);
        if (m.matches()) {
            return AUTOENCODER + half + level(m, config) + "." + m.group(1) + "sample.conv." + m.group(3);
        }
        m = MIDDLE.matcher(rest);
        if (m.matches()) {
            return AUTOENCODER
                    + half
                    + (m.group(1).equals("resnets")
                            ? "mid.block_" + (Integer.parseInt(m.group(2)) + 1) + "." + shortcut(m.group(3))
                            : "mid.attn_1." + rename(m.group(3), IN_ATTENTION));
        }
        return AUTOENCODER + half + rest.replace("conv_norm_out", "norm_out");
    }

    /** The decoder's levels are counted from the outside. */
    private static String level(Matcher m, AutoencoderConfig config) {
        int level = Integer.parseInt(m.group(2));
        return m.group(1) + "." + (m.group(1).equals("down") ? level : config.levels() - 1 - level);
    }

    private static String shortcut(String name) {
        return name.replace("conv_shortcut", "nin_shortcut");
    }

    /** Replaces all but the last part of a name, which is weight or bias. */
    private static String rename(String name, Map<String, String> names) {
        int dot = name.lastIndexOf('.');
        String known = names.get(name.substring(0, dot));
        if (known == null) {
            throw new IllegalStateException("no part of the model is called " + name);
        }
        return known + name.substring(dot);
    }
}
