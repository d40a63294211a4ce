package org.reverie.models.stablediffusion;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Engine;
import org.reverie.op.Resize;
import org.reverie.op.Shaping;
import org.reverie.tensor.Tensor;

/**
 * The noise-prediction U-Net of latent diffusion models (Rombach et al. 2022): residual blocks that are told the time,
 * and transformers that attend to the text. Names are those of a diffusers checkpoint ({@code UNet2DConditionModel}).
 */
public final class DiffusionUNet extends Module {
    private static final double EPS = 1e-5;
    private static final ConvSpec SAME = ConvSpec.of(1).pad(1);
    private static final ConvSpec HALF = ConvSpec.of(2).pad(1);

    private final UNetConfig config;
    private final LinearLayer time1;
    private final LinearLayer time2;
    private final Conv2dLayer first;
    private final List<Stage> down = new ArrayList<>();
    private final ResidualBlock middle1;
    private final SpatialTransformer middle2;
    private final ResidualBlock middle3;
    private final List<Stage> up = new ArrayList<>();
    private final GroupNorm lastNorm;
    private final Conv2dLayer last;

    /** One residual block, its transformer where the level attends, and what changes the resolution after it; or null. */
    private record Stage(ResidualBlock block, SpatialTransformer attention, Conv2dLayer resample) {}

    public DiffusionUNet(Initializer init, UNetConfig config) {
        this.config = config;
        int time = config.timeWidth();
        time1 = part(
                "time_embedding.linear_1", new LinearLayer(init.in("time_embedding.linear_1"), config.width(), time));
        time2 = part("time_embedding.linear_2", new LinearLayer(init.in("time_embedding.linear_2"), time, time));
        first = conv(init, "conv_in", config.channels(), config.width(), SAME);
        Deque<Integer> skips = new ArrayDeque<>();
        if (!config.lean()) {
            skips.push(config.width());
        }
        int channels = config.width();
        for (int i = 0; i < config.levels(); i++) {
            boolean last = i == config.levels() - 1;
            int width = config.width(i);
            String level = "down_blocks." + i;
            for (int j = 0; j < config.blocks(); j++) {
                boolean resample = !last && j == config.blocks() - 1;
                String sampler = resample ? level + ".downsamplers.0.conv" : null;
                down.add(stage(init, level, j, channels, i, sampler, HALF));
                channels = width;
                skips.push(channels);
                if (resample && !config.lean()) {
                    skips.push(channels);
                }
            }
        }
        middle1 = block(init, "mid_block.resnets.0", channels, channels);
        middle2 = transformer(init, "mid_block.attentions.0", channels);
        middle3 = block(init, "mid_block.resnets.1", channels, channels);
        for (int i = 0; i < config.levels(); i++) {
            int from = config.levels() - 1 - i;
            String level = "up_blocks." + i;
            for (int j = 0; j < config.blocksUp(); j++) {
                String sampler = from > 0 && j == config.blocksUp() - 1 ? level + ".upsamplers.0.conv" : null;
                up.add(stage(init, level, j, channels + skips.pop(), from, sampler, SAME));
                channels = config.width(from);
            }
        }
        lastNorm = part("conv_norm_out", new GroupNorm(init, config.groups(), channels, EPS, Activation.SILU));
        last = conv(init, "conv_out", channels, config.channels(), SAME);
    }

    private Stage stage(Initializer init, String level, int j, int in, int width, String sampler, ConvSpec spec) {
        int out = config.width(width);
        ResidualBlock block = block(init, level + ".resnets." + j, in, out);
        SpatialTransformer attention =
                config.attention().get(width) ? transformer(init, level + ".attentions." + j, out) : null;
        return new Stage(block, attention, sampler == null ? null : conv(init, sampler, out, out, spec));
    }

    private ResidualBlock block(Initializer init, String name, int in, int out) {
        return part(name, new ResidualBlock(init.in(name), in, out, config.timeWidth(), config.groups(), EPS));
    }

    private SpatialTransformer transformer(Initializer init, String name, int channels) {
        return part(
                name,
                new SpatialTransformer(
                        init.in(name), channels, config.heads(), config.contextWidth(), config.groups()));
    }

    private Conv2dLayer conv(Initializer init, String name, int in, int out, ConvSpec spec) {
        return part(name, new Conv2dLayer(init.in(name), in, out, 3, spec, true));
    }

    public UNetConfig config() {
        return config;
    }

    /**
     * The predicted noise, of x's shape.
     *
     * @param x noisy latent images {@code [N, H, W, channels]}; H and W divisible by 2 to the number of levels less one
     * @param t I32 time steps {@code [N]}
     * @param context the text's states {@code [N, L, contextWidth]}
     */
    public Tensor apply(Tensor x, Tensor t, Tensor context) {
        int divisor = 1 << config.levels() - 1;
        if (x.dim(1) % divisor != 0 || x.dim(2) % divisor != 0) {
            throw new IllegalArgumentException("the sides of the latent images must be multiples of " + divisor
                    + ", but their shape is " + x.shape());
        }
        Tensor waves = DiffusionOps.timestepEmbedding(t, config.width(), true);
        // Every block begins with the SiLU of the embedding, so it is taken once.
        Tensor time = Engine.local(() -> time2.apply(time1.apply(waves, Activation.SILU), Activation.SILU));
        Deque<Tensor> skips = new ArrayDeque<>();
        Tensor h = first.apply(x);
        if (!config.lean()) {
            skips.push(h);
        }
        for (Stage s : down) {
            h = run(s, h, time, context);
            skips.push(h);
            if (s.resample != null) {
                h = s.resample.apply(h);
                if (!config.lean()) {
                    skips.push(h);
                }
            }
        }
        Tensor deepest = h;
        h = Engine.local(() -> middle3.apply(middle2.apply(middle1.apply(deepest, time), context), time));
        for (Stage s : up) {
            Tensor before = h;
            Tensor skip = skips.pop();
            h = Engine.local(() -> {
                Tensor y = run(s, Shaping.concat(3, before, skip), time, context);
                return s.resample == null ? y : s.resample.apply(Resize.nearest2d(y, 2 * y.dim(1), 2 * y.dim(2)));
            });
        }
        Tensor end = h;
        return Engine.local(() -> last.apply(lastNorm.apply(end)));
    }

    private static Tensor run(Stage s, Tensor x, Tensor time, Tensor context) {
        return Engine.local(() -> {
            Tensor y = s.block.apply(x, time);
            return s.attention == null ? y : s.attention.apply(y, context);
        });
    }
}
