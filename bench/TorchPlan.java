package org.reverie.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.reverie.bench.LibTorch.Form;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.HostTensor;

/** Writes a network down as TorchScript, in one of the forms. */
final class TorchPlan implements Plan {
    private static final String LAST = ".contiguous(memory_format=2)";

    private final LibTorch engine;
    private final Form form;
    private final StringBuilder body = new StringBuilder();
    private final List<HostTensor> inputs = new ArrayList<>();
    private final List<String> prepared = new ArrayList<>();
    private Value input;
    private int names;

    TorchPlan(LibTorch engine, Form form) {
        this.engine = engine;
        this.form = form;
    }

    /** A network on float images, NHWC. */
    static TorchPlan on(HostTensor images, LibTorch engine, Form form) {
        TorchPlan plan = new TorchPlan(engine, form);
        int[] s = images.shape().toArray();
        plan.startFrom(new Value(plan.image(images), s[0], s[3], s[1], s[2]));
        return plan;
    }

    /** What the network gets. */
    void startFrom(Value images) {
        input = images;
    }

    @Override
    public Value input() {
        return input;
    }

    /** Adds images NHWC as an argument NCHW, whose memory lies as the form wants it. */
    String image(HostTensor nhwc) {
        return argument(nhwc, ".permute([0, 3, 1, 2])" + (form == Form.PLAIN ? ".contiguous()" : ""));
    }

    /** Adds a statement that gives a value a name, and returns the name. */
    String let(String expression) {
        String name = "v" + names++;
        body.append(name).append(" = ").append(expression).append('\n');
        return name;
    }

    /** Adds statements as they are. */
    void add(String statements) {
        body.append(statements);
    }

    /** Adds an argument, and returns what the script calls it. */
    String argument(HostTensor t, String conversion) {
        inputs.add(t);
        String name = "x[" + (inputs.size() - 1) + "]";
        prepared.add(name + conversion);
        return name;
    }

    private String weight(Value x, HostTensor w, ConvSpec spec) {
        if (form != Form.PACKED) {
            return argument(w, form == Form.PLAIN ? "" : LAST);
        }
        String name = argument(w, "");
        String size = Arrays.toString(new int[] {x.batch(), x.channels(), x.height(), x.width()});
        prepared.set(prepared.size() - 1, TorchConv.packed(name + LAST, size, spec));
        return name;
    }

    @Override
    public Value conv(Value x, HostTensor weight, HostTensor bias, ConvSpec spec, Value residual) {
        int kernel = weight.shape().dim(2);
        int height = spec.outputHeight(x.height(), kernel);
        int width = spec.outputWidth(x.width(), kernel);
        if (spec.padTop() != spec.padBottom() || spec.padLeft() != spec.padRight()) {
            // LibTorch pads both sides alike, so an uneven pad is an operator of its own, as in its models.
            int[] pads = {spec.padLeft(), spec.padRight(), spec.padTop(), spec.padBottom()};
            String padded = let("torch.constant_pad_nd(" + x.name() + ", " + Arrays.toString(pads) + ", 0)");
            x = x.with(
                    padded,
                    x.channels(),
                    x.height() + spec.padTop() + spec.padBottom(),
                    x.width() + spec.padLeft() + spec.padRight());
            spec = spec.pad(0);
        }
        String w = weight(x, weight, spec);
        String b = argument(bias, "");
        String y = form == Form.PACKED ? fused(x, w, b, spec, residual) : plain(x, w, b, spec, residual);
        return x.with(y, weight.shape().dim(0), height, width);
    }

    private String plain(Value x, String weight, String bias, ConvSpec spec, Value residual) {
        String y =
                let("torch.conv2d(" + x.name() + ", " + weight + ", " + bias + ", " + TorchConv.geometry(spec) + ")");
        if (residual != null) {
            y = let("torch.add_(" + y + ", " + residual.name() + ")");
        }
        return switch (spec.activation()) {
            case NONE -> y;
            case RELU, SILU, SIGMOID ->
                let("torch." + spec.activation().name().toLowerCase(Locale.ROOT) + "_(" + y + ")");
            case RELU6 -> let("torch.hardtanh_(" + y + ", 0., 6.)");
            default -> throw new IllegalArgumentException("no rival for " + spec.activation());
        };
    }

    private String fused(Value x, String weight, String bias, ConvSpec spec, Value residual) {
        if (residual != null) {
            return let(TorchConv.fusedSum(x.name(), residual.name(), weight, bias, spec));
        }
        return let(TorchConv.fused(x.name(), weight, bias, spec));
    }

    @Override
    public Value maxPool(Value x, PoolSpec spec) {
        String y = let("torch.max_pool2d(%s, [%d, %d], [%d, %d], [%d, %d], [1, 1], False)"
                .formatted(
                        x.name(),
                        spec.kernelH(),
                        spec.kernelW(),
                        spec.strideH(),
                        spec.strideW(),
                        spec.padTop(),
                        spec.padLeft()));
        return x.with(y, x.channels(), spec.outputHeight(x.height()), spec.outputWidth(x.width()));
    }

    @Override
    public Value mean(Value x) {
        return x.with(let("torch.mean(" + x.name() + ", [2, 3], True)"), x.channels(), 1, 1);
    }

    @Override
    public Value gated(Value x, Value gate) {
        String y = let("torch.mul(" + x.name() + ", " + gate.name() + ")");
        return x.with(y, x.channels(), x.height(), x.width());
    }

    @Override
    public Rival rival(List<Value> results) {
        List<String> names = results.stream().map(Value::name).toList();
        List<String> finished = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            finished.add("x[" + i + "].permute([0, 2, 3, 1]).contiguous()");
        }
        return returning(names, "return [" + String.join(", ", finished) + "]");
    }

    /** Ends the script with values by name. */
    Rival returning(List<String> names, String finish) {
        return engine.job(inputs)
                .form(form)
                .prepare("return [" + String.join(",\n  ", prepared) + "]")
                .finish(finish)
                .run(body + "return [" + String.join(", ", names) + "]");
    }
}
