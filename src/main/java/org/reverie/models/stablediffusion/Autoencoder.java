package org.reverie.models.stablediffusion;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.op.Engine;
import org.reverie.op.Pointwise;
import org.reverie.op.Resize;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Tensor;

/**
 * The variational autoencoder of latent diffusion models (Rombach et al. 2022). Names are those of a diffusers checkpoint
 * ({@code AutoencoderKL}).
 */
public final class Autoencoder extends Module {
    private static final double EPS = 1e-6;
    private static final int RGB = 3;
    private static final ConvSpec SAME = ConvSpec.of(1).pad(1);

    /** Halves the sides; the padding is below and at the right. */
    private static final ConvSpec HALF = ConvSpec.of(2).pad(0, 0, 1, 1);

    private final AutoencoderConfig config;
    private final Encoder encoder;
    private final Conv2dLayer quant;
    private final Conv2dLayer postQuant;
    private final Decoder decoder;

    public Autoencoder(Initializer init, AutoencoderConfig config) {
        this.config = config;
        int z = config.latentChannels();
        encoder = part("encoder", new Encoder(init.in("encoder"), config));
        quant = part("quant_conv", new Conv2dLayer(init.in("quant_conv"), 2 * z, 2 * z, 1, ConvSpec.of(1), true));
        postQuant = part("post_quant_conv", new Conv2dLayer(init.in("post_quant_conv"), z, z, 1, ConvSpec.of(1), true));
        decoder = part("decoder", new Decoder(init.in("decoder"), config));
    }

    public AutoencoderConfig config() {
        return config;
    }

    /**
     * The mean of the latent images, scaled as diffusion works on them.
     *
     * @param images {@code [N, H, W, 3]} in [−1, 1], sides divisible by the factor
     * @return {@code [N, H / factor, W / factor, latentChannels]}
     */
    public Tensor encode(Tensor images) {
        int factor = config.factor();
        if (images.dim(1) % factor != 0 || images.dim(2) % factor != 0) {
            throw new IllegalArgumentException("the sides of the images must be multiples of " + factor
                    + ", but their shape is " + images.shape());
        }
        Tensor moments = quant.apply(encoder.apply(images));
        Tensor mean = Shaping.slice(moments, 3, 0, config.latentChannels());
        return Pointwise.scale(mean, config.scale());
    }

    /** The images {@code [N, factor·H, factor·W, 3]} of scaled latent images {@code [N, H, W, latentChannels]}. */
    public Tensor decode(Tensor latents) {
        return decoder.apply(postQuant.apply(Pointwise.scale(latents, 1 / config.scale())));
    }

    private static Conv2dLayer conv(Initializer init, String name, int in, int out, ConvSpec spec) {
        return new Conv2dLayer(init.in(name), in, out, 3, spec, true);
    }

    private static ResidualBlock block(Initializer init, String name, int in, int out, int groups) {
        return new ResidualBlock(init.in(name), in, out, 0, groups, EPS);
    }

    /** Residual block, attention of all pixels with one head, residual block. */
    private static final class Middle extends Module {
        private final ResidualBlock before;
        private final GroupNorm norm;
        private final MultiHeadAttention attention;
        private final ResidualBlock behind;

        Middle(Initializer init, int channels, int groups) {
            before = part("resnets.0", block(init, "resnets.0", channels, channels, groups));
            norm = part("attentions.0.group_norm", new GroupNorm(init, groups, channels, EPS, Activation.NONE));
            attention =
                    part("attentions.0", new MultiHeadAttention(init.in("attentions.0"), channels, channels, 1, true));
            behind = part("resnets.1", block(init, "resnets.1", channels, channels, groups));
        }

        Tensor apply(Tensor x) {
            Tensor h = Engine.local(() -> before.apply(x, null));
            Tensor attended = Engine.local(() -> {
                Tensor pixels = Views.reshape(h, h.dim(0), h.dim(1) * h.dim(2), h.dim(3));
                Tensor normed = Views.reshape(norm.apply(h), pixels.shape());
                return Views.reshape(attention.residual(normed, normed, pixels), h.shape());
            });
            return Engine.local(() -> behind.apply(attended, null));
        }
    }

    private static final class Encoder extends Module {
        private final Conv2dLayer first;
        private final List<List<ResidualBlock>> levels = new ArrayList<>();
        private final List<Conv2dLayer> halves = new ArrayList<>();
        private final Middle middle;
        private final GroupNorm norm;
        private final Conv2dLayer last;

        Encoder(Initializer init, AutoencoderConfig c) {
            first = part("conv_in", conv(init, "conv_in", RGB, c.width(), SAME));
            int channels = c.width();
            for (int i = 0; i < c.levels(); i++) {
                List<ResidualBlock> blocks = new ArrayList<>();
                for (int j = 0; j < c.blocks(); j++) {
                    String name = "down_blocks." + i + ".resnets." + j;
                    blocks.add(part(name, block(init, name, channels, c.width(i), c.groups())));
                    channels = c.width(i);
                }
                levels.add(blocks);
                if (i < c.levels() - 1) {
                    String name = "down_blocks." + i + ".downsamplers.0.conv";
                    halves.add(part(name, conv(init, name, channels, channels, HALF)));
                }
            }
            middle = part("mid_block", new Middle(init.in("mid_block"), channels, c.groups()));
            norm = part("conv_norm_out", new GroupNorm(init, c.groups(), channels, EPS, Activation.SILU));
            last = part("conv_out", conv(init, "conv_out", channels, 2 * c.latentChannels(), SAME));
        }

        Tensor apply(Tensor images) {
            Tensor h = first.apply(images);
            for (int i = 0; i < levels.size(); i++) {
                for (ResidualBlock block : levels.get(i)) {
                    Tensor before = h;
                    h = Engine.local(() -> block.apply(before, null));
                }
                h = i < halves.size() ? halves.get(i).apply(h) : h;
            }
            return last.apply(norm.apply(middle.apply(h)));
        }
    }

    private static final class Decoder extends Module {
        private final Conv2dLayer first;
        private final Middle middle;
        private final List<List<ResidualBlock>> levels = new ArrayList<>();
        private final List<Conv2dLayer> doubles = new ArrayList<>();
        private final GroupNorm norm;
        private final Conv2dLayer last;

        Decoder(Initializer init, AutoencoderConfig c) {
            int channels = c.width(c.levels() - 1);
            first = part("conv_in", conv(init, "conv_in", c.latentChannels(), channels, SAME));
            middle = part("mid_block", new Middle(init.in("mid_block"), channels, c.groups()));
            for (int i = 0; i < c.levels(); i++) {
                int width = c.width(c.levels() - 1 - i);
                List<ResidualBlock> blocks = new ArrayList<>();
                for (int j = 0; j <= c.blocks(); j++) {
                    String name = "up_blocks." + i + ".resnets." + j;
                    blocks.add(part(name, block(init, name, channels, width, c.groups())));
                    channels = width;
                }
                levels.add(blocks);
                if (i < c.levels() - 1) {
                    String name = "up_blocks." + i + ".upsamplers.0.conv";
                    doubles.add(part(name, conv(init, name, channels, channels, SAME)));
                }
            }
            norm = part("conv_norm_out", new GroupNorm(init, c.groups(), channels, EPS, Activation.SILU));
            last = part("conv_out", conv(init, "conv_out", channels, RGB, SAME));
        }

        Tensor apply(Tensor latents) {
            Tensor h = middle.apply(first.apply(latents));
            for (int i = 0; i < levels.size(); i++) {
                for (ResidualBlock block : levels.get(i)) {
                    Tensor before = h;
                    h = Engine.local(() -> block.apply(before, null));
                }
                if (i < doubles.size()) {
                    Tensor before = h;
                    Conv2dLayer conv = doubles.get(i);
                    h = Engine.local(() -> conv.apply(Resize.nearest2d(before, 2 * before.dim(1), 2 * before.dim(2))));
                }
            }
            return last.apply(norm.apply(h));
        }
    }
}
