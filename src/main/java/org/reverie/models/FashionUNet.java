package org.reverie.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.ConvTranspose2dLayer;
import org.reverie.nn.Initializer;
import org.reverie.nn.LayerNorm;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The noise-prediction U-Net for 28×28 images of BrianPulfer/PapersReimplementations ({@code ddpm/models.py}; weights
 * {@code ddpm_fashion.pt}): three levels of three blocks, each a layer norm over the whole image and two convolutions; an
 * embedding of the time step is added to the input of every level.
 */
public final class FashionUNet extends Module {
    private static final int STEPS = 1000;
    private static final int TIME = 100;

    private final Tensor timeTable;
    private final Map<String, TimeMlp> times = new LinkedHashMap<>();
    private final Map<String, Level> levels = new LinkedHashMap<>();
    private final Conv2dLayer down1;
    private final Conv2dLayer down2;
    private final Conv2dLayer down3a;
    private final Conv2dLayer down3b;
    private final ConvTranspose2dLayer up1a;
    private final ConvTranspose2dLayer up1b;
    private final ConvTranspose2dLayer up2;
    private final ConvTranspose2dLayer up3;
    private final Conv2dLayer out;

    public FashionUNet(Initializer init) {
        timeTable = buffer("time_embed.weight", init.normal("time_embed.weight", Shape.of(STEPS, TIME), 1));
        level(init, "b1", "te1", 28, 1, 10, 10, 10);
        level(init, "b2", "te2", 14, 10, 20, 20, 20);
        level(init, "b3", "te3", 7, 20, 40, 40, 40);
        level(init, "b_mid", "te_mid", 3, 40, 20, 20, 40);
        level(init, "b4", "te4", 7, 80, 40, 20, 20);
        level(init, "b5", "te5", 14, 40, 20, 10, 10);
        level(init, "b_out", "te_out", 28, 20, 10, 10, 10);
        ConvSpec half = ConvSpec.of(2).pad(1);
        ConvSpec one = ConvSpec.of(1);
        down1 = conv(init, "down1", 10, 10, 4, half);
        down2 = conv(init, "down2", 20, 20, 4, half);
        down3a = conv(init, "down3.0", 40, 40, 2, one);
        down3b = conv(init, "down3.2", 40, 40, 4, half);
        up1a = transposed(init, "up1.0", 40, 4, half);
        up1b = transposed(init, "up1.2", 40, 2, one);
        up2 = transposed(init, "up2", 20, 4, half);
        up3 = transposed(init, "up3", 10, 4, half);
        out = conv(init, "conv_out", 10, 1, 3, ConvSpec.of(1).pad(1));
    }

    private void level(Initializer init, String name, String time, int size, int in, int a, int b, int c) {
        levels.put(name, part(name, new Level(init.in(name), size, new int[] {in, a, b, c}, !name.equals("b_out"))));
        times.put(name, part(time, new TimeMlp(init.in(time), in)));
    }

    private Conv2dLayer conv(Initializer init, String name, int in, int out, int kernel, ConvSpec spec) {
        return part(name, new Conv2dLayer(init.in(name), in, out, kernel, spec, true));
    }

    private ConvTranspose2dLayer transposed(Initializer init, String name, int channels, int kernel, ConvSpec spec) {
        return part(name, new ConvTranspose2dLayer(init.in(name), channels, channels, kernel, spec));
    }

    /**
     * The predicted noise {@code [N, 28, 28, 1]}.
     *
     * @param x noisy images {@code [N, 28, 28, 1]}, in [−1, 1] where noiseless
     * @param t I32 time steps {@code [N]} in 0 … 999
     */
    public Tensor apply(Tensor x, Tensor t) {
        return taps(x, t).get("noise");
    }

    /** As {@link #apply}, with the levels' outputs {@code out1}, {@code out2}, {@code out3} and {@code out_mid}. */
    public Map<String, Tensor> taps(Tensor x, Tensor t) {
        Tensor time = Shaping.embedding(timeTable, t);
        Tensor out1 = run("b1", x, time);
        Tensor out2 = run("b2", down1.apply(out1), time);
        Tensor out3 = run("b3", down2.apply(out2), time);
        Tensor deepest = down3b.apply(Activations.silu(down3a.apply(out3)));
        Tensor middle = run("b_mid", deepest, time);
        Tensor up = up1b.apply(Activations.silu(up1a.apply(middle)));
        Tensor h = run("b4", Shaping.concat(3, out3, up), time);
        h = run("b5", Shaping.concat(3, out2, up2.apply(h)), time);
        h = run("b_out", Shaping.concat(3, out1, up3.apply(h)), time);
        Map<String, Tensor> taps = new LinkedHashMap<>();
        taps.put("out1", out1);
        taps.put("out2", out2);
        taps.put("out3", out3);
        taps.put("out_mid", middle);
        taps.put("noise", out.apply(h));
        return taps;
    }

    private Tensor run(String level, Tensor x, Tensor time) {
        Tensor shift = times.get(level).apply(time);
        return levels.get(level).apply(Pointwise.add(x, Views.reshape(shift, shift.dim(0), 1, 1, shift.dim(1))));
    }

    /** Linear, SiLU, linear: {@code [N, 100] → [N, channels]}. */
    private static final class TimeMlp extends Module {
        private final LinearLayer first;
        private final LinearLayer second;

        TimeMlp(Initializer init, int channels) {
            first = part("0", new LinearLayer(init.in("0"), TIME, channels));
            second = part("2", new LinearLayer(init.in("2"), channels, channels));
        }

        Tensor apply(Tensor time) {
            return second.apply(Activations.silu(first.apply(time)));
        }
    }

    /** Three blocks; the checkpoint has a norm for the very last block of the network too, but it is not applied. */
    private static final class Level extends Module {
        private final List<Block> blocks = new ArrayList<>();

        Level(Initializer init, int size, int[] channels, boolean normalizeLast) {
            for (int i = 0; i < 3; i++) {
                String n = Integer.toString(i);
                boolean normalize = i < 2 || normalizeLast;
                blocks.add(part(n, new Block(init.in(n), size, channels[i], channels[i + 1], normalize)));
            }
        }

        Tensor apply(Tensor x) {
            for (Block b : blocks) {
                x = b.apply(x);
            }
            return x;
        }
    }

    private static final class Block extends Module {
        private final boolean normalize;
        private final LayerNorm norm;
        private final Conv2dLayer first;
        private final Conv2dLayer second;

        Block(Initializer init, int size, int in, int out, boolean normalize) {
            this.normalize = normalize;
            norm = part("ln", new LayerNorm(init, Shape.of(size, size, in), 1e-5));
            ConvSpec same = ConvSpec.of(1).pad(1);
            first = part("conv1", new Conv2dLayer(init.in("conv1"), in, out, 3, same, true));
            second = part("conv2", new Conv2dLayer(init.in("conv2"), out, out, 3, same, true));
        }

        Tensor apply(Tensor x) {
            Tensor h = normalize ? norm.apply(x) : x;
            return Activations.silu(second.apply(Activations.silu(first.apply(h))));
        }
    }
}
