package org.reverie.models;

import java.util.ArrayList;
import java.util.List;
import org.reverie.autograd.Tape;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.device.spec.ResizeSpec;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.nn.Initializer;
import org.reverie.op.Activations;
import org.reverie.op.Attention;
import org.reverie.op.Convolution;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Linear;
import org.reverie.op.Losses;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Resize;
import org.reverie.op.Softmax;
import org.reverie.op.Views;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.optim.Optimizer;
import org.reverie.optim.Sgd;
import org.reverie.optim.SgdConfig;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A fixed small program whose results must have the same bits on every device: draws, contractions and sums longer than
 * one chunk, attention over more than one block of keys, a denoiser and an image network that are trained for some steps,
 * and samples of the denoiser. Sizes are odd on purpose, so that no vector width divides them.
 */
public final class FingerprintProgram {
    private final Device device;
    private final long seed;
    private final Fingerprint out = new Fingerprint();

    private FingerprintProgram(Device device, long seed) {
        this.device = device;
        this.seed = seed;
    }

    /** Runs the program; the seed changes all its numbers. */
    public static Fingerprint run(Device device, long seed) {
        FingerprintProgram program = new FingerprintProgram(device, seed);
        for (Runnable part : List.<Runnable>of(
                program::draws, program::sums, program::attention, program::imageNetwork, program::denoiser)) {
            try (Scope scope = Scope.open()) {
                part.run();
            }
        }
        return program.out;
    }

    private Tensor normal(String name, int... shape) {
        return Random.normal(device, Shape.of(shape), seed, Philox.stream("fingerprint " + name));
    }

    private Initializer parameters(String part) {
        return new Initializer(device, seed, part + ".");
    }

    private void draws() {
        long stream = Philox.stream("fingerprint draws");
        Tensor normal = Random.normal(device, Shape.of(1027), seed, stream, 3);
        out.add("draws", "uniform", Random.uniform(device, Shape.of(33, 31), seed, stream));
        out.add("draws", "normal", normal);
        out.add("draws", "dropout", Random.dropout(normal, 0.3, seed, stream));
    }

    /** Contractions over several chunks, sums over several segments, and their gradients. */
    private void sums() {
        Tensor a = normal("a", 7, 700);
        Tensor b = normal("b", 700, 19);
        try (Tape tape = Tape.watch(List.of(a, b))) {
            Tensor product = Linear.matmul(a, b);
            Tensor norm = Reductions.norm2(product, 0, 1);
            out.add("sums", "product", product);
            out.add("sums", "gradient", tape.gradients(norm, List.of(a, b)));
        }
        Tensor wide = normal("wide", 3, 4999);
        out.add("sums", "mean", Reductions.mean(wide, 1));
        out.add("sums", "variance", Reductions.variance(wide, true, 1));
        out.add("sums", "columns", Reductions.sum(wide, 0));
        out.add("sums", "argmax", Reductions.argmax(wide, 1));
    }

    private void attention() {
        Tensor q = normal("q", 2, 3, 21, 11);
        Tensor k = normal("k", 2, 3, 70, 11);
        Tensor v = normal("v", 2, 3, 70, 11);
        List<Tensor> inputs = List.of(q, k, v);
        try (Tape tape = Tape.watch(inputs)) {
            Tensor y = Attention.attention(q, k, v, null, new AttentionSpec(0.3, false));
            Tensor z = Softmax.softmax(Views.reshape(y, 42, 33));
            out.add("attention", "output", y);
            out.add("attention", "softmax", z);
            out.add("attention", "gradient", tape.gradients(Reductions.sum(Pointwise.mul(z, z), 0, 1), inputs));
        }
        Tensor square = normal("square", 1, 2, 37, 8);
        AttentionSpec causal = new AttentionSpec(0.35, true);
        out.add("attention", "causal", Attention.attention(square, square, square, null, causal));
    }

    /** A depthwise-separable image network, four steps of SGD with momentum. */
    private void imageNetwork() {
        Initializer init = parameters("image");
        List<Tensor> p = List.of(
                init.uniform("stem", Shape.of(9, 3, 3, 3), 0.3),
                init.constant(Shape.of(9), 1),
                init.constant(Shape.of(9), 0),
                init.uniform("depthwise", Shape.of(5, 5, 9), 0.3),
                init.uniform("pointwise", Shape.of(17, 1, 1, 9), 0.3),
                init.uniform("bias", Shape.of(17), 0.3),
                init.uniform("up", Shape.of(17, 2, 2, 6), 0.3),
                init.uniform("head", Shape.of(5, 6), 0.3),
                init.uniform("head bias", Shape.of(5), 0.3));
        Tensor images = normal("images", 5, 13, 11, 3);
        Tensor labels = Tensor.from(device, HostTensor.of(Shape.of(5), 0, 1, 2, 3, 4));
        train("image network", p, new Sgd(p, new SgdConfig(0.05, 0.9, true, 1e-3)), 4, () -> {
            Tensor x = Convolution.conv2d(images, p.get(0), null, ConvSpec.of(1).pad(1));
            x = Activations.silu(Norms.batchNormTrain(x, p.get(1), p.get(2), 1e-5)[0]);
            x = Convolution.depthwiseConv2d(
                    x, p.get(3), null, ConvSpec.of(2).pad(2).activation(Activation.RELU6));
            x = Convolution.conv2d(x, p.get(4), p.get(5), ConvSpec.of(1));
            x = Pooling.maxPool2d(Activations.gelu(x), PoolSpec.of(3, 2).pad(1));
            x = Convolution.convTranspose2d(x, p.get(6), null, ConvSpec.of(2), 0, 0);
            x = Resize.bilinear2d(x, 5, 9, ResizeSpec.Mode.HALF_PIXEL);
            x = Pooling.avgPool2d(x, PoolSpec.of(2, 1));
            return Losses.crossEntropy(Linear.linear(Pooling.globalAvgPool(x), p.get(7), p.get(8)), labels);
        });
    }

    /** A denoiser of vectors, as DLSR's: six steps of AdamW with a running average, then samples. */
    private void denoiser() {
        NoiseSchedule schedule = NoiseSchedule.sqrtLinear(100, 0.0015, 0.0195);
        Initializer init = parameters("denoiser");
        List<Tensor> p = List.of(
                init.uniform("in", Shape.of(44, 24), 0.2),
                init.uniform("in bias", Shape.of(44), 0.2),
                init.uniform("time", Shape.of(44, 20), 0.2),
                init.constant(Shape.of(44), 1),
                init.constant(Shape.of(44), 0),
                init.uniform("block", Shape.of(44, 44), 0.15),
                init.uniform("out", Shape.of(24, 44), 0.15),
                init.uniform("out bias", Shape.of(24), 0.15));
        Tensor clean = normal("clean", 37, 24);
        Tensor noise = normal("noise", 37, 24);
        int[] times = new int[37];
        for (int i = 0; i < times.length; i++) {
            times[i] = Philox.below(seed, Philox.stream("fingerprint times"), i, schedule.steps());
        }
        Tensor t = Tensor.from(device, HostTensor.of(Shape.of(37), times));
        Tensor noisy = DiffusionOps.qSample(
                clean, noise, t, schedule.sqrtAlphaBar(device), schedule.sqrtOneMinusAlphaBar(device));
        out.add("denoiser", "noisy", noisy);
        try (Ema average = new Ema(p, 0.999, true)) {
            AdamW adam = new AdamW(p, AdamWConfig.of(1e-2).withWeightDecay(0.01));
            train("denoiser", p, adam, 6, () -> {
                average.update();
                return Losses.mse(denoise(p, noisy, t), clean);
            });
            out.add("denoiser", "average", average.averages());
            Sampler sampler = new Sampler(schedule, (x, s) -> denoise(average.averages(), x, s), Prediction.X0, seed);
            Tensor start = sampler.start(device, Shape.of(9, 24));
            out.add("samples", "ddim", sampler.ddim(start, 5, 0));
            out.add("samples", "ddim with noise", sampler.ddim(start, 5, 1));
        }
    }

    private static Tensor denoise(List<Tensor> p, Tensor noisy, Tensor t) {
        Tensor x = Linear.linear(Activations.silu(noisy), p.get(0), p.get(1));
        Tensor time = Linear.linear(DiffusionOps.timestepEmbedding(t, 20, true), p.get(2), null);
        Tensor h = Pointwise.add(x, Activations.silu(time));
        h = Activations.silu(Norms.groupNorm(h, 1, p.get(3), p.get(4), 1e-5));
        h = Pointwise.add(x, Linear.linear(h, p.get(5), null));
        return Linear.linear(Activations.tanh(Norms.layerNorm(h, null, null, 1, 1e-5)), p.get(6), p.get(7));
    }

    private interface Loss {
        Tensor compute();
    }

    /** Takes optimiser steps; losses, the last gradients, parameters and moments count. */
    private void train(String part, List<Tensor> parameters, Optimizer optimizer, int steps, Loss loss) {
        try (optimizer) {
            List<HostTensor> losses = new ArrayList<>();
            for (int i = 0; i < steps; i++) {
                try (Scope scope = Scope.open();
                        Tape tape = Tape.watch(parameters)) {
                    Tensor value = loss.compute();
                    List<Tensor> gradients = tape.gradients(value, parameters);
                    losses.add(value.toHost());
                    if (i == steps - 1) {
                        out.add(part, "gradient", gradients);
                    }
                    optimizer.step(gradients);
                }
            }
            for (int i = 0; i < steps; i++) {
                out.add(part, "loss " + i, losses.get(i));
            }
            out.add(part, "parameter", parameters);
            optimizer.state().forEach((name, t) -> out.add(part, name, t));
        }
    }
}
