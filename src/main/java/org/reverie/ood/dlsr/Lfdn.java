package org.reverie.ood.dlsr;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Engine;
import org.reverie.op.Views;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The latent feature diffusion network of DLSR (arXiv 2411.10701, §3.2 and figure 2): from a noisy feature vector and a
 * time step to the clean feature vector. Residual blocks of two linear layers, each after a norm and SiLU; the embedded
 * time is added between the two. The second linear of every block and the output start at zero, so an untrained network
 * outputs 0.
 *
 * <p>Names follow the authors' checkpoints: {@code input_proj.1}, {@code time_embed.{0,2}}, {@code res_blocks.N.in_layers.
 * {0,2}}, {@code .emb_layers.1}, {@code .out_layers.{0,3}}, {@code out.{0,2}}.
 */
public final class Lfdn extends Module {
    private static final double EPS = 1e-5;

    private final LfdnConfig config;
    private final LinearLayer input;
    private final LinearLayer time0;
    private final LinearLayer time2;
    private final List<Block> blocks = new ArrayList<>();
    private final GroupNorm outNorm;
    private final LinearLayer out;

    public Lfdn(Initializer init, LfdnConfig config) {
        this.config = config;
        int w = config.width();
        int t = config.timeWidth();
        time0 = part("time_embed.0", new LinearLayer(init.in("time_embed.0"), 2 * t, t));
        time2 = part("time_embed.2", new LinearLayer(init.in("time_embed.2"), t, t));
        input = part("input_proj.1", new LinearLayer(init.in("input_proj.1"), config.features(), w));
        for (int i = 0; i < config.blocks(); i++) {
            String name = "res_blocks." + i;
            blocks.add(part(name, new Block(init.in(name), w, t)));
        }
        outNorm = part("out.0", new GroupNorm(init, 1, w, EPS, Activation.SILU));
        out = part("out.2", LinearLayer.zero(init, w, config.features()));
    }

    public LfdnConfig config() {
        return config;
    }

    /**
     * The predicted clean features {@code [N, d]}.
     *
     * @param noisy {@code [N, d]}
     * @param t I32 time steps {@code [N]}, or {@code [1]} for the same step in every row
     */
    public Tensor apply(Tensor noisy, Tensor t) {
        Tensor time = Engine.local(() -> {
            Tensor sinusoids = DiffusionOps.timestepEmbedding(t, 2 * config.timeWidth(), true);
            return Activations.silu(time2.apply(Activations.silu(time0.apply(sinusoids))));
        });
        Tensor x = input.apply(Activations.silu(noisy));
        for (Block b : blocks) {
            Tensor before = x;
            x = Engine.local(() -> b.apply(before, time));
        }
        return out.apply(outNorm.apply(x));
    }

    /** x + out(SiLU(LN(in(SiLU(LN(x))) + time))). */
    private static final class Block extends Module {
        private final GroupNorm inNorm;
        private final LinearLayer in;
        private final LinearLayer time;
        private final GroupNorm outNorm;
        private final LinearLayer out;

        Block(Initializer init, int width, int timeWidth) {
            inNorm = part("in_layers.0", new GroupNorm(init, 1, width, EPS, Activation.SILU));
            in = part("in_layers.2", new LinearLayer(init.in("in_layers.2"), width, width));
            time = part("emb_layers.1", new LinearLayer(init.in("emb_layers.1"), timeWidth, width));
            outNorm = part("out_layers.0", new GroupNorm(init, 1, width, EPS, Activation.SILU));
            out = part("out_layers.3", LinearLayer.zero(init, width, width));
        }

        /** One row for all, or a row to each. */
        private static Tensor rows(Tensor time, int count) {
            return time.dim(0) == count ? time : Views.expand(time, Shape.of(count, time.dim(1)));
        }

        /** @param embedded SiLU of the time embedding, {@code [N or 1, timeWidth]} */
        Tensor apply(Tensor x, Tensor embedded) {
            Tensor h = in.residual(inNorm.apply(x), rows(time.apply(embedded), x.dim(0)));
            return out.residual(outNorm.apply(h), x);
        }
    }
}
