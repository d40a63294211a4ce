package org.reverie.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Activations;
import org.reverie.op.Attention;
import org.reverie.op.Convolution;
import org.reverie.op.Linear;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Softmax;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What {@link Speeds} times, on random normal numbers; the shapes are among those of {@code bench/rivals}. */
final class SpeedCases {
    /**
     * @param flop floating-point operations of a call
     * @param bytes that it reads and writes at least
     */
    record Case(String op, String shape, double flop, double bytes, Supplier<Tensor> work) {}

    private static final int COLUMNS = 4096;

    private final Backend device;
    private final int elements;
    private final List<Case> cases = new ArrayList<>();
    private long streams;

    /** @param quick sizes that a device that is none can do too */
    SpeedCases(Backend device, boolean quick) {
        this.device = device;
        this.elements = quick ? 1 << 16 : 1 << 26;
        memory();
        matrices(quick ? new int[] {256} : new int[] {256, 1024, 2048, 4096, 8192});
        convolutions(quick ? 1 : 64);
        int tokens = quick ? 64 : 4096;
        Tensor q = normal(1, 8, tokens, 64);
        add(
                "attention",
                "1x8x" + tokens + "x" + tokens + "x64",
                4.0 * 8 * tokens * tokens * 64,
                16.0 * 8 * tokens * 64,
                () -> Attention.attention(q, q, q, null, new AttentionSpec(0.125, false)));
    }

    List<Case> all() {
        return cases;
    }

    private Tensor normal(int... shape) {
        return Random.normal(device, Shape.of(shape), 7, streams++);
    }

    private void add(String op, String shape, double flop, double bytes, Supplier<Tensor> work) {
        cases.add(new Case(op, shape, flop, bytes, work));
    }

    private void memory() {
        int n = elements;
        String shape = "" + n;
        Tensor one = normal(1);
        Tensor x = normal(n);
        Tensor y = normal(n);
        add("add", "1", 1, 12, () -> Pointwise.add(one, one));
        add("add", shape, n, 12.0 * n, () -> Pointwise.add(x, y));
        add("silu", shape, n, 8.0 * n, () -> Activations.silu(x));
        add("sum", shape, n, 4.0 * n, () -> Reductions.sum(x, 0));
        add("normal", shape, n, 4.0 * n, () -> Random.normal(device, Shape.of(n), 1, 2));
        Tensor rows = normal(n / COLUMNS, COLUMNS);
        Tensor weight = normal(COLUMNS);
        String table = n / COLUMNS + "x" + COLUMNS;
        add("softmax", table, 5.0 * n, 8.0 * n, () -> Softmax.softmax(rows));
        add("layer_norm", table, 8.0 * n, 8.0 * n, () -> Norms.layerNorm(rows, weight, weight, 1, 1e-5));
    }

    private void matrices(int[] squares) {
        for (int s : squares) {
            matmul(s, s, s);
        }
        matmul(128, 1440, 1440);
    }

    private void matmul(int m, int n, int k) {
        Tensor a = normal(m, k);
        Tensor b = normal(k, n);
        add(
                "matmul",
                m + "x" + n + "x" + k,
                2.0 * m * n * k,
                4.0 * ((double) m * k + (double) k * n + (double) m * n),
                () -> Linear.matmul(a, b));
    }

    private void convolutions(int images) {
        conv(images, 56, 64, 64, 3, 1);
        conv(images, 56, 64, 256, 1, 1);
        conv(images, 28, 256, 256, 3, 2);
        conv(images, 14, 256, 256, 3, 1);
        conv(images, 7, 512, 512, 3, 1);
        depthwise(images, 48, 336, 3, 2);
        depthwise(images, 24, 672, 5, 1);
    }

    private void conv(int n, int side, int c, int o, int k, int stride) {
        Tensor x = normal(n, side, side, c);
        Tensor w = normal(o, k, k, c);
        double out = Math.floorDiv(side + 2 * (k / 2) - k, stride) + 1.0;
        add(
                "conv2d",
                n + "x" + side + "x" + side + "x" + c + " " + k + "x" + k + "/" + stride + " " + o,
                2 * n * out * out * o * k * k * c,
                4 * ((double) n * side * side * c + (double) o * k * k * c + n * out * out * o),
                () -> Convolution.conv2d(x, w, null, ConvSpec.of(stride).pad(k / 2)));
    }

    private void depthwise(int n, int side, int c, int k, int stride) {
        Tensor x = normal(n, side, side, c);
        Tensor w = normal(k, k, c);
        double out = Math.floorDiv(side + 2 * (k / 2) - k, stride) + 1.0;
        add(
                "depthwise",
                n + "x" + side + "x" + side + "x" + c + " " + k + "x" + k + "/" + stride + " " + c,
                2 * n * out * out * c * k * k,
                4 * ((double) n * side * side * c + n * out * out * c),
                () -> Convolution.depthwiseConv2d(
                        x, w, null, ConvSpec.of(stride).pad(k / 2)));
    }
}
