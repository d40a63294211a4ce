package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.reverie.autograd.Tape;
import org.reverie.data.PixelSet;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.Progress;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.ood.Metrics;
import org.reverie.op.Engine;
import org.reverie.op.Losses;
import org.reverie.op.Pooling;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Schedule;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Asks how easily generated images of a class are told from real ones: a small network (three 3×3 convolutions of 16, 32 and 64
 * channels, the last two with stride 2) is trained to tell them apart and tested on others. What it finds, a detector that is
 * shown such images as outliers finds too.
 */
final class ArtefactProbe extends Module {
    private static final int STEPS = 300;
    private static final int BATCH = 64;
    private static final double LEARNING_RATE = 2e-3;
    private static final int[] WIDTHS = {16, 32, 64};
    private static final int GROUPS = 8;
    private static final double EPS = 1e-5;
    private static final int TESTED_AT_ONCE = 256;

    private record Layer(Conv2dLayer conv, GroupNorm norm) {}

    private final List<Layer> layers = new ArrayList<>();
    private final LinearLayer head;

    private ArtefactProbe(Initializer init, int channels) {
        int in = channels;
        for (int i = 0; i < WIDTHS.length; i++) {
            ConvSpec spec = ConvSpec.of(i == 0 ? 1 : 2).pad(1);
            String name = "layers." + i;
            Conv2dLayer conv = part(name + ".conv", new Conv2dLayer(init.in(name), in, WIDTHS[i], 3, spec, false));
            GroupNorm norm = part(name + ".norm", new GroupNorm(init, GROUPS, WIDTHS[i], EPS, Activation.SILU));
            layers.add(new Layer(conv, norm));
            in = WIDTHS[i];
        }
        head = part("head", new LinearLayer(init.in("head"), in, 1));
    }

    /** How much each image looks generated, {@code [N, 1]}. */
    private Tensor apply(Tensor images) {
        Tensor x = images;
        for (Layer layer : layers) {
            Tensor before = x;
            x = Engine.local(() -> layer.norm.apply(layer.conv.apply(before)));
        }
        return head.apply(Pooling.globalAvgPool(x));
    }

    /**
     * The AUROC with which a freshly trained probe tells test images apart: 0.5 if it cannot.
     *
     * @param real images to train with, and {@code testReal} to test with; likewise generated ones
     * @throws CancellationException if {@code progress} cancels
     */
    static double auroc(
            Device device,
            PixelSet real,
            PixelSet testReal,
            PixelSet generated,
            PixelSet testGenerated,
            long seed,
            Progress progress) {
        try (Scope scope = Scope.open()) {
            ArtefactProbe probe = new ArtefactProbe(new Initializer(device, seed, "probe."), real.channels());
            List<Tensor> parameters = probe.parameters();
            Schedule schedule = Schedule.cosine(LEARNING_RATE, 0, STEPS);
            try (AdamW optimizer = new AdamW(parameters, AdamWConfig.of(LEARNING_RATE))) {
                for (int step = 0; step < STEPS; step++) {
                    if (progress.cancelled()) {
                        throw new CancellationException("the probe for artefacts was stopped");
                    }
                    try (Scope local = Scope.open();
                            Tape tape = Tape.watch(parameters)) {
                        Tensor x = probe.batch(device, real, generated, seed, step);
                        Tensor loss = Losses.bceWithLogits(probe.apply(x), targets(device));
                        optimizer.step(tape.gradients(loss, parameters), schedule.at(step));
                        progress.at("probing for artefacts", step + 1L, STEPS, "");
                    }
                }
            }
            return Metrics.auroc(probe.scores(device, testReal), probe.scores(device, testGenerated));
        }
    }

    /** Half real, half generated. */
    private Tensor batch(Device device, PixelSet real, PixelSet generated, long seed, int step) {
        int each = real.floatsPerImage();
        float[] pixels = new float[2 * BATCH * each];
        for (int i = 0; i < 2 * BATCH; i++) {
            PixelSet set = i < BATCH ? real : generated;
            int row = Philox.below(seed, Philox.stream("probe.batch", step), i, set.size());
            System.arraycopy(set.pixels(), row * each, pixels, i * each, each);
        }
        return images(device, real, pixels);
    }

    private static Tensor targets(Device device) {
        float[] targets = new float[2 * BATCH];
        Arrays.fill(targets, BATCH, 2 * BATCH, 1);
        return Tensor.from(device, HostTensor.of(Shape.of(2 * BATCH, 1), targets));
    }

    private float[] scores(Device device, PixelSet set) {
        float[] scores = new float[set.size()];
        int each = set.floatsPerImage();
        for (int from = 0; from < scores.length; from += TESTED_AT_ONCE) {
            int n = Math.min(TESTED_AT_ONCE, scores.length - from);
            try (Scope local = Scope.open()) {
                float[] some = Arrays.copyOfRange(set.pixels(), from * each, (from + n) * each);
                System.arraycopy(apply(images(device, set, some)).toFloats(), 0, scores, from, n);
            }
        }
        return scores;
    }

    private static Tensor images(Device device, PixelSet set, float[] pixels) {
        Shape shape = Shape.of(pixels.length / set.floatsPerImage(), set.side(), set.side(), set.channels());
        return Tensor.from(device, HostTensor.of(shape, pixels));
    }
}
