package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.BatchNorm2d;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.nn.WeightLayout;
import org.reverie.op.Activations;
import org.reverie.op.Convolution;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A residual network of basic blocks (He et al. 2015) whose stem is one 3×3 convolution of stride 1 without pooling, as
 * Dream-OOD uses it both for embeddings and for classifying. Names are those of torchvision's ResNet. Convolutions start as
 * Kaiming's normal of the fan-out, the last layer as U(±1/√in).
 */
public final class ResidualNetwork extends Module {
    private static final double EPS = 1e-5;

    private final ResidualConfig config;
    private final Norm stem;
    private final List<Block> blocks = new ArrayList<>();
    private final LinearLayer head;

    /** @param outputs of the last layer: the width of an embedding, or the number of classes */
    public ResidualNetwork(Initializer init, ResidualConfig config, int outputs) {
        this.config = config;
        Conv first = part("conv1", new Conv(init.in("conv1"), config.channels(), config.stem(), 3, 1));
        stem = new Norm(first, part("bn1", new BatchNorm2d(init, config.stem(), EPS)));
        int in = config.stem();
        for (int s = 0; s < config.widths().size(); s++) {
            for (int b = 0; b < config.blocks().get(s); b++) {
                String name = "layer" + (s + 1) + "." + b;
                int width = config.widths().get(s);
                int stride = b == 0 ? config.strides().get(s) : 1;
                blocks.add(part(name, new Block(init.in(name), in, width, stride)));
                in = width;
            }
        }
        head = part("fc", new LinearLayer(init.in("fc"), in, outputs));
    }

    public ResidualConfig config() {
        return config;
    }

    /**
     * The averaged last maps {@code [N, features]} of images {@code [N, H, W, channels]}.
     *
     * @param training whether batch norm uses the batch's statistics, and the running ones follow
     */
    public Tensor features(Tensor images, boolean training) {
        return features(images, training ? images.dim(0) : 0);
    }

    /**
     * The same in training, where batch norm's running statistics follow those of the first images alone.
     *
     * @param followed how many; 0: not in training
     */
    Tensor features(Tensor images, int followed) {
        Tensor x = Activations.relu(stem.apply(images, followed));
        for (Block block : blocks) {
            x = block.apply(x, followed);
        }
        return Pooling.globalAvgPool(x);
    }

    /** The last layer, {@code [N, features] → [N, outputs]}. */
    public Tensor head(Tensor features) {
        return head.apply(features);
    }

    /** {@code head(features(images))}. */
    public Tensor apply(Tensor images, boolean training) {
        return head(features(images, training));
    }

    private record Norm(Conv conv, BatchNorm2d norm) {
        Tensor apply(Tensor x, int followed) {
            Tensor y = conv.apply(x);
            return followed > 0 ? norm.train(y, followed) : norm.apply(y);
        }
    }

    private static final class Conv extends Module {
        private final ConvSpec spec;
        private final Tensor weight;

        Conv(Initializer init, int in, int out, int kernel, int stride) {
            spec = ConvSpec.of(stride).pad(kernel / 2);
            double deviation = Math.sqrt(2.0 / (out * kernel * kernel));
            weight = parameter(
                    "weight", init.normal("weight", Shape.of(out, kernel, kernel, in), deviation), WeightLayout.CONV);
        }

        Tensor apply(Tensor x) {
            return Convolution.conv2d(x, weight, null, spec);
        }
    }

    private static final class Block extends Module {
        private final Norm first;
        private final Norm second;
        private final Norm shortcut;

        Block(Initializer init, int in, int out, int stride) {
            first = norm(init, "conv1", "bn1", in, out, 3, stride);
            second = norm(init, "conv2", "bn2", out, out, 3, 1);
            boolean same = stride == 1 && in == out;
            shortcut = same ? null : norm(init, "downsample.0", "downsample.1", in, out, 1, stride);
        }

        private Norm norm(Initializer init, String c, String n, int in, int out, int kernel, int stride) {
            Conv conv = part(c, new Conv(init.in(c), in, out, kernel, stride));
            return new Norm(conv, part(n, new BatchNorm2d(init, out, EPS)));
        }

        Tensor apply(Tensor x, int followed) {
            Tensor h = Activations.relu(first.apply(x, followed));
            Tensor side = shortcut == null ? x : shortcut.apply(x, followed);
            return Activations.relu(Pointwise.add(second.apply(h, followed), side));
        }
    }
}
