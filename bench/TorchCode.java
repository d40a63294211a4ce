package org.reverie.bench;

import java.util.HashMap;
import java.util.Map;
import org.reverie.bench.LibTorch.Form;
import org.reverie.bench.Plan.Value;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Module;
import org.reverie.nn.Parameter;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/**
 * Networks in the making as TorchScript, in one of the forms: statements, and as arguments the weights, which go over one by
 * one. Images are NCHW.
 */
final class TorchCode {
    private static final String LAST = ".contiguous(memory_format=2)";

    private final LibTorch.Job job;
    private final Form form;
    private final StringBuilder statements = new StringBuilder();
    private int names;

    TorchCode(LibTorch engine, Form form) {
        this.job = engine.job().form(form);
        this.form = form;
    }

    /** An argument as it is. */
    String input(Tensor t) {
        HostTensor values = t.toHost();
        return job.argument(() -> values, "%s");
    }

    /** Images NHWC as an argument NCHW, whose memory lies as the form wants it. */
    Value images(Tensor nhwc) {
        HostTensor values = nhwc.toHost();
        String name =
                job.argument(() -> values, "%s.permute([0, 3, 1, 2])" + (form == Form.PLAIN ? ".contiguous()" : LAST));
        return new Value(name, nhwc.dim(0), nhwc.dim(3), nhwc.dim(1), nhwc.dim(2));
    }

    /** Gives a value a name, and returns the name. */
    String let(String expression, Object... arguments) {
        String name = "v" + names++;
        statements
                .append(name)
                .append(" = ")
                .append(expression.formatted(arguments))
                .append('\n');
        return name;
    }

    /** The same of an image of x's extents. */
    Value like(Value x, String expression, Object... arguments) {
        return x.with(let(expression, arguments), x.channels(), x.height(), x.width());
    }

    Value silu(Value x) {
        return like(x, "torch.silu(%s)", x.name());
    }

    /** Images with sides twice as long. */
    Value doubled(Value x) {
        int h = 2 * x.height();
        int w = 2 * x.width();
        return x.with(let("torch.upsample_nearest2d(%s, [%d, %d])", x.name(), h, w), x.channels(), h, w);
    }

    /** The pixels of images in a row, {@code [N, H·W, C]}. */
    String pixels(Value x) {
        return let("torch.transpose(torch.flatten(%s, 2), 1, 2)", x.name());
    }

    /** The way back to images of x's extents. */
    Value image(String pixels, Value x) {
        String plain = form == Form.PLAIN ? ".contiguous()" : "";
        return like(
                x, "torch.unflatten(torch.transpose(%s, 1, 2), 2, [%d, %d])" + plain, pixels, x.height(), x.width());
    }

    /** Ends the work with images. */
    Rival returning(Value images) {
        return job.finish("return [x[0].permute([0, 2, 3, 1]).contiguous()]")
                .run(statements + "return [" + images.name() + "]");
    }

    /** Ends the work with anything else. */
    Rival returning(String value) {
        return job.run(statements + "return [" + value + "]");
    }

    /**
     * The layers of a network by their names in its checkpoint.
     *
     * @param groups of its group norms
     */
    Layers layers(Module network, int groups) {
        return new Layers(network.named(), groups);
    }

    /** See {@link #layers}. */
    final class Layers {
        private final Map<String, Parameter> named;
        private final int groups;
        private final Map<String, String> arguments = new HashMap<>();

        private Layers(Map<String, Parameter> named, int groups) {
            this.named = named;
            this.groups = groups;
        }

        /** What the script calls a tensor, which may be used any number of times. */
        String tensor(String name) {
            return tensor(name, "%s");
        }

        private String tensor(String name, String conversion) {
            return arguments.computeIfAbsent(name, n -> {
                Parameter p = named.get(n);
                return job.argument(() -> p.layout().toFile(p.value().toHost()), conversion);
            });
        }

        private String optional(String name) {
            return named.containsKey(name) ? tensor(name) : "None";
        }

        Value conv(Value x, String name, ConvSpec spec) {
            Parameter p = named.get(name + ".weight");
            int[] kernel = p.layout().toFile(p.value().shape()).toArray();
            String bias = tensor(name + ".bias");
            String y;
            if (form == Form.PACKED) {
                String size = "[%d, %d, %d, %d]".formatted(x.batch(), x.channels(), x.height(), x.width());
                String weight = tensor(name + ".weight", TorchConv.packed("%s" + LAST, size, spec));
                y = let(TorchConv.fused(x.name(), weight, bias, spec));
            } else {
                String weight = tensor(name + ".weight", "%s" + (form == Form.PLAIN ? "" : LAST));
                y = let("torch.conv2d(%s, %s, %s, %s)", x.name(), weight, bias, TorchConv.geometry(spec));
            }
            return x.with(
                    y, kernel[0], spec.outputHeight(x.height(), kernel[2]), spec.outputWidth(x.width(), kernel[3]));
        }

        String linear(String x, String name) {
            return let("torch.linear(%s, %s, %s)", x, tensor(name + ".weight"), optional(name + ".bias"));
        }

        Value group(Value x, String name, double eps) {
            return like(
                    x,
                    "torch.group_norm(%s, %d, %s, %s, %s)",
                    x.name(),
                    groups,
                    tensor(name + ".weight"),
                    tensor(name + ".bias"),
                    eps);
        }

        String layer(String x, String name) {
            return let(
                    "torch.layer_norm(%s, [%d], %s, %s, 1e-05)",
                    x, named.get(name + ".weight").value().dim(0), tensor(name + ".weight"), tensor(name + ".bias"));
        }

        /** @param time SiLU of the embedding of time, or null */
        Value residual(Value x, String name, double eps, String time) {
            ConvSpec same = ConvSpec.of(1).pad(1);
            Value h = conv(silu(group(x, name + ".norm1", eps)), name + ".conv1", same);
            if (time != null) {
                String shift = linear(time, name + ".time_emb_proj");
                h = like(h, "torch.add_(%s, torch.unsqueeze(torch.unsqueeze(%s, -1), -1))", h.name(), shift);
            }
            h = conv(silu(group(h, name + ".norm2", eps)), name + ".conv2", same);
            String shortcut = name + ".conv_shortcut";
            Value around = named.containsKey(shortcut + ".weight") ? conv(x, shortcut, ConvSpec.of(1)) : x;
            return like(h, "torch.add_(%s, %s)", h.name(), around.name());
        }

        /**
         * Attention before the projection of its result.
         *
         * @param query name of that projection; likewise the others
         */
        String attention(String x, String from, String query, String key, String value, int heads, boolean causal) {
            String a = let(
                    "torch.scaled_dot_product_attention(%s, %s, %s, None, 0., %s)",
                    cut(x, query, heads), cut(from, key, heads), cut(from, value, heads), causal ? "True" : "False");
            return let("torch.flatten(torch.transpose(%s, 1, 2), 2)", a);
        }

        private String cut(String x, String name, int heads) {
            int width = named.get(name + ".weight").value().dim(0);
            return let(
                    "torch.transpose(torch.unflatten(%s, -1, [%d, %d]), 1, 2)", linear(x, name), heads, width / heads);
        }
    }
}
