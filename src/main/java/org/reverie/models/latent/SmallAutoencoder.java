package org.reverie.models.latent;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.stablediffusion.ResidualBlock;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.op.Engine;
import org.reverie.op.Resize;
import org.reverie.tensor.Tensor;

/**
 * An autoencoder small enough to be trained in a minute: convolutions that halve or double the sides, residual blocks on
 * each level (on the outermost one in the decoder only, where most of the arithmetic is), no attention.
 */
final class SmallAutoencoder extends Module {
    private static final double EPS = 1e-6;
    private static final ConvSpec SAME = ConvSpec.of(1).pad(1);
    private static final ConvSpec HALF = ConvSpec.of(2).pad(1);

    private final AutoencoderSize size;
    private final Half encoder;
    private final Half decoder;

    SmallAutoencoder(Initializer init, AutoencoderSize size) {
        this.size = size;
        encoder = part("encoder", Half.encoder(init.in("encoder"), size));
        decoder = part("decoder", Half.decoder(init.in("decoder"), size));
    }

    AutoencoderSize size() {
        return size;
    }

    /** {@code [N, H, W, channels] → [N, H / factor, W / factor, latentChannels]}, of no particular deviation. */
    Tensor encode(Tensor images) {
        return encoder.apply(images);
    }

    /** The way back. */
    Tensor decode(Tensor latents) {
        return decoder.apply(latents);
    }

    /** A way in or out: a convolution, levels, and norm, SiLU and convolution at the end. */
    private static final class Half extends Module {
        /** A level's convolution that changes the sides, and its blocks; {@code doubled} where the sides double first. */
        private record Level(Conv2dLayer conv, boolean doubled, List<ResidualBlock> blocks) {}

        private final Conv2dLayer first;
        private final List<Level> levels = new ArrayList<>();
        private final GroupNorm norm;
        private final Conv2dLayer last;

        private Half(Initializer init, int in, int firstWidth, int lastWidth, int out, int groups) {
            first = part("conv_in", new Conv2dLayer(init.in("conv_in"), in, firstWidth, 3, SAME, true));
            norm = part("norm_out", new GroupNorm(init, groups, lastWidth, EPS, Activation.SILU));
            last = part("conv_out", new Conv2dLayer(init.in("conv_out"), lastWidth, out, 3, SAME, true));
        }

        static Half encoder(Initializer init, AutoencoderSize s) {
            int deepest = s.widths().size() - 1;
            Half half = new Half(
                    init, s.channels(), s.widths().getFirst(), s.widths().getLast(), s.latentChannels(), s.groups());
            for (int i = 1; i <= deepest; i++) {
                half.level(
                        init,
                        "down." + (i - 1),
                        s.widths().get(i - 1),
                        s.widths().get(i),
                        false,
                        s);
            }
            return half;
        }

        static Half decoder(Initializer init, AutoencoderSize s) {
            int deepest = s.widths().size() - 1;
            Half half = new Half(
                    init, s.latentChannels(), s.widths().getLast(), s.widths().getFirst(), s.channels(), s.groups());
            half.levels.add(
                    new Level(null, false, half.blocks(init, "mid", s.widths().getLast(), s)));
            for (int i = deepest; i > 0; i--) {
                half.level(
                        init,
                        "up." + (deepest - i),
                        s.widths().get(i),
                        s.widths().get(i - 1),
                        true,
                        s);
            }
            return half;
        }

        private void level(Initializer init, String name, int in, int out, boolean doubled, AutoencoderSize s) {
            ConvSpec spec = doubled ? SAME : HALF;
            Conv2dLayer conv = part(name + ".conv", new Conv2dLayer(init.in(name + ".conv"), in, out, 3, spec, true));
            levels.add(new Level(conv, doubled, blocks(init, name, out, s)));
        }

        private List<ResidualBlock> blocks(Initializer init, String level, int width, AutoencoderSize s) {
            List<ResidualBlock> blocks = new ArrayList<>();
            for (int j = 0; j < s.blocks(); j++) {
                String name = level + ".resnets." + j;
                blocks.add(part(name, new ResidualBlock(init.in(name), width, width, 0, s.groups(), EPS)));
            }
            return blocks;
        }

        Tensor apply(Tensor x) {
            Tensor h = first.apply(x);
            for (Level level : levels) {
                Tensor before = h;
                h = Engine.local(() -> apply(level, before));
            }
            return last.apply(norm.apply(h));
        }

        private static Tensor apply(Level level, Tensor x) {
            Tensor h = level.doubled ? Resize.nearest2d(x, 2 * x.dim(1), 2 * x.dim(2)) : x;
            h = level.conv == null ? h : level.conv.apply(h);
            for (ResidualBlock block : level.blocks) {
                h = block.apply(h, null);
            }
            return h;
        }
    }
}
