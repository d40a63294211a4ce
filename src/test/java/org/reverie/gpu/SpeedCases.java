package org.reverie.gpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.diffusion.Sampler;
import org.reverie.op.Activations;
import org.reverie.op.Attention;
import org.reverie.op.Convolution;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Engine;
import org.reverie.op.Linear;
import org.reverie.op.Norms;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.Optimizers;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Softmax;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What {@link Speeds} times, on random normal numbers of one dtype; the shapes are those of {@code bench/rivals/shapes.json}. */
final class SpeedCases {
    /**
     * @param flop floating-point operations of a call
     * @param bytes that it reads and writes at least
     * @param prepare makes the inputs, in the scope that is open
     */
    record Case(String op, String shape, double flop, double bytes, Supplier<Supplier<Tensor>> prepare) {}

    private static final int COLUMNS = 4096;

    /** The exact gradient of attention goes over whole matrices of queries by keys, and is not what the goals are about. */
    private static final int MOST_EXACT_TOKENS = 1024;

    /** What a device that is none can do too. */
    private static final double QUICK_FLOP = 6e7;

    private final Backend device;
    private final DType dtype;
    private final boolean quick;
    private final List<Case> cases = new ArrayList<>();
    private long streams;

    private SpeedCases(Backend device, DType dtype, boolean quick) {
        this.device = device;
        this.dtype = dtype;
        this.quick = quick;
    }

    /** @param quick few and small cases */
    static List<Case> of(Backend device, DType dtype, Path shapes, boolean quick) throws IOException {
        JsonObject all = JsonParser.parseString(Files.readString(shapes)).getAsJsonObject();
        SpeedCases made = new SpeedCases(device, dtype, quick);
        made.memory(quick ? 1 << 16 : 1 << 26);
        for (JsonElement side : all.getAsJsonArray("squares")) {
            int n = side.getAsInt();
            made.matmul(n, n, n);
        }
        for (JsonElement product : all.getAsJsonArray("products")) {
            JsonArray p = product.getAsJsonArray();
            made.matmul(p.get(0).getAsInt(), p.get(1).getAsInt(), p.get(2).getAsInt());
        }
        made.product(quick ? 8 : 256, quick ? 64 : 1440);
        for (JsonElement layer : all.getAsJsonArray("convolutions")) {
            made.conv(layer.getAsJsonArray());
        }
        made.attention(all.getAsJsonObject("attention"));
        return made.cases;
    }

    private Tensor normal(int... shape) {
        return Scope.local(() -> Pointwise.cast(Random.normal(device, Shape.of(shape), 7, streams++), dtype));
    }

    private void add(String op, String shape, double flop, double elements, Supplier<Supplier<Tensor>> prepare) {
        if (!quick || flop <= QUICK_FLOP) {
            cases.add(new Case(op, shape, flop, elements * dtype.bytes(), prepare));
        }
    }

    private void memory(int n) {
        String shape = "" + n;
        add("add", "1", 1, 3, () -> {
            Tensor one = normal(1);
            return () -> Pointwise.add(one, one);
        });
        add("add", shape, n, 3.0 * n, () -> {
            Tensor x = normal(n);
            Tensor y = normal(n);
            return () -> Pointwise.add(x, y);
        });
        add("silu", shape, n, 2.0 * n, () -> {
            Tensor x = normal(n);
            return () -> Activations.silu(x);
        });
        add("sum", shape, n, n, () -> {
            Tensor x = normal(n);
            return () -> Reductions.sum(x, 0);
        });
        if (dtype == DType.F32) {
            add("normal", shape, n, n, () -> () -> Random.normal(device, Shape.of(n), 1, 2));
            samplerStep(n / COLUMNS);
            adamw(n);
        }
        String table = n / COLUMNS + "x" + COLUMNS;
        add("softmax", table, 5.0 * n, 2.0 * n, () -> {
            Tensor rows = normal(n / COLUMNS, COLUMNS);
            return () -> Softmax.softmax(rows);
        });
        add("layer_norm", table, 8.0 * n, 2.0 * n, () -> {
            Tensor rows = normal(n / COLUMNS, COLUMNS);
            Tensor weight = normal(COLUMNS);
            return () -> Norms.layerNorm(rows, weight, weight, 1, 1e-5);
        });
        int images = quick ? 1 : 16;
        double m = images * 64.0 * 64 * 320;
        add("group_norm silu", images + "x64x64x320 32", 10 * m, 2 * m, () -> {
            Tensor x = normal(images, 64, 64, 320);
            Tensor weight = normal(320);
            return () -> Norms.groupNorm(x, 32, weight, weight, 1e-5, Activation.SILU);
        });
    }

    /** Guided steps, without noise and with it. */
    private void samplerStep(int samples) {
        SamplerStepSpec ddim = SamplerStepSpec.linear(0.9, 0.1).guided(7.5);
        double n = (double) samples * COLUMNS;
        for (SamplerStepSpec step : List.of(ddim, ddim.noisy(0.1))) {
            String shape = samples + "x" + COLUMNS + (step.isNoisy() ? " noisy" : "");
            add("sampler_step", shape, (step.isNoisy() ? 40 : 8) * n, 4 * n, () -> {
                Tensor x = normal(samples, COLUMNS);
                Tensor predictions = normal(2 * samples, COLUMNS);
                Tensor rows = Sampler.Numbers.from(0).of(device, samples);
                return () -> DiffusionOps.samplerStep(step, x, predictions, rows, List.of())[0];
            });
        }
    }

    /** A step for 64 parameters together. */
    private void adamw(int n) {
        AdamWSpec step = new AdamWSpec(1e-4, 0.9, 0.999, 1e-8, 0.01, 10);
        add("adamw", "64x" + n / 64, 13.0 * n, 7.0 * n, () -> {
            List<Optimizers.Adam> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                Tensor moment = Pointwise.square(normal(n / 64));
                all.add(new Optimizers.Adam(normal(n / 64), normal(n / 64), normal(n / 64), moment));
            }
            return () -> {
                Optimizers.adamwSteps(all, step, null);
                return all.getFirst().param();
            };
        });
    }

    /** What a block of the LFDN does twice. */
    private void product(int rows, int width) {
        double elements = 3.0 * rows * width + (double) width * width;
        add("linear group_norm silu", rows + "x" + width + "x" + width, 2.0 * rows * width * width, elements, () -> {
            Tensor x = normal(rows, width);
            Tensor weight = normal(width, width);
            Tensor each = normal(width);
            return () -> Norms.groupNorm(Linear.linear(x, weight, each), 1, each, each, 1e-5, Activation.SILU);
        });
    }

    private void matmul(int m, int n, int k) {
        double elements = (double) m * k + (double) k * n + (double) m * n;
        add("matmul", m + "x" + n + "x" + k, 2.0 * m * n * k, elements, () -> {
            Tensor a = normal(m, k);
            Tensor b = normal(k, n);
            return () -> Linear.matmul(a, b);
        });
    }

    /** @param layer network, images, side, channels, outputs, kernel, stride, groups */
    private void conv(JsonArray layer) {
        int n = quick ? 1 : layer.get(1).getAsInt();
        int side = layer.get(2).getAsInt();
        int c = layer.get(3).getAsInt();
        int o = layer.get(4).getAsInt();
        int k = layer.get(5).getAsInt();
        int stride = layer.get(6).getAsInt();
        int depth = c / layer.get(7).getAsInt();
        boolean depthwise = depth == 1;
        ConvSpec spec = ConvSpec.of(stride).pad(k / 2);
        double outputs = (double) n * spec.outputHeight(side, k) * spec.outputWidth(side, k) * o;
        String shape = n + "x" + side + "x" + side + "x" + c + " " + k + "x" + k + "/" + stride + " " + o;
        add(
                depthwise ? "depthwise" : "conv2d",
                shape,
                2 * outputs * k * k * depth,
                (double) n * side * side * c + (double) o * k * k * depth + outputs,
                () -> {
                    Tensor x = normal(n, side, side, c);
                    Tensor w = depthwise ? normal(k, k, c) : normal(o, k, k, c);
                    return () -> depthwise
                            ? Convolution.depthwiseConv2d(x, w, null, spec)
                            : Convolution.conv2d(x, w, null, spec);
                });
        if (depthwise) {
            pooled(shape, n, side, c, k, stride);
        }
    }

    private void pooled(String shape, int n, int side, int c, int k, int stride) {
        ConvSpec spec = ConvSpec.of(stride).pad(k / 2).activation(Activation.SILU);
        double outputs = (double) n * spec.outputHeight(side, k) * spec.outputWidth(side, k) * c;
        add("depthwise silu, pooled", shape, 2 * outputs * k * k, (double) n * side * side * c + outputs, () -> {
            Tensor x = normal(n, side, side, c);
            Tensor w = normal(k, k, c);
            return () -> Pooling.globalAvgPool(Convolution.depthwiseConv2d(x, w, null, spec));
        });
    }

    private void attention(JsonObject shapes) {
        int elements = shapes.get("elements").getAsInt();
        for (JsonElement width : shapes.getAsJsonArray("widths")) {
            for (JsonElement tokens : shapes.getAsJsonArray("tokens")) {
                attention(elements, tokens.getAsInt(), tokens.getAsInt(), width.getAsInt(), false);
            }
            attention(elements, COLUMNS, shapes.get("text").getAsInt(), width.getAsInt(), false);
        }
        for (JsonElement tokens : shapes.getAsJsonArray("tokens")) {
            int width = shapes.get("causal_width").getAsInt();
            attention(elements, tokens.getAsInt(), tokens.getAsInt(), width, true);
        }
    }

    private void attention(int elements, int tokens, int keys, int width, boolean causal) {
        int heads = quick ? 1 : Math.clamp(elements / ((long) tokens * width), 1, 64);
        AttentionSpec spec = new AttentionSpec(1 / Math.sqrt(width), causal);
        String shape = "1x" + heads + "x" + tokens + "x" + keys + "x" + width + (causal ? " causal" : "");
        double flop = 4.0 * heads * tokens * keys * width * (causal ? 0.5 : 1);
        double moved = 2.0 * heads * width * (tokens + keys);
        add("attention", shape, flop, moved, () -> {
            Tensor q = normal(1, heads, tokens, width);
            Tensor k = normal(1, heads, keys, width);
            Tensor v = normal(1, heads, keys, width);
            return () -> Attention.attention(q, k, v, null, spec);
        });
        if (dtype == DType.F32 && tokens > MOST_EXACT_TOKENS) {
            return;
        }
        add("attention both", shape, 3.5 * flop, 3 * moved, () -> {
            Tensor q = normal(1, heads, tokens, width);
            Tensor k = normal(1, heads, keys, width);
            Tensor v = normal(1, heads, keys, width);
            Tensor g = normal(1, heads, tokens, width);
            Op<?> gradient = Ops.find("attention_gradient");
            return () -> {
                Attention.attention(q, k, v, null, spec);
                return Engine.runAll(gradient, spec, q, k, v, null, g)[0];
            };
        });
    }
}
