package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.op.Attention;
import org.reverie.op.Compare;
import org.reverie.op.Losses;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Shaping;
import org.reverie.op.Softmax;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Tensors that are cut into several tasks and blocks, which the samples of the ops are too small for: three threads have
 * the bits of the scalar loops.
 */
class LargeOperandsTest {
    private static Tensor draw(Device device, int... shape) {
        return Random.normal(device, Shape.of(shape), 5, shape.length);
    }

    private static Tensor indices(Device device, int n, int bound) {
        return Pointwise.cast(Pointwise.scale(Random.uniform(device, Shape.of(n), 6, 1), bound), DType.I32);
    }

    private static Map<String, Function<Device, Tensor>> cases() {
        Map<String, Function<Device, Tensor>> c = new LinkedHashMap<>();
        c.put("channels first", d -> Views.contiguous(Views.permute(draw(d, 3, 40, 50, 17), 0, 3, 1, 2)));
        c.put("outer axes swapped", d -> Views.contiguous(Views.permute(draw(d, 37, 45, 50), 1, 0, 2)));
        c.put("all axes turned", d -> Views.contiguous(Views.permute(draw(d, 7, 60, 5, 41), 3, 2, 1, 0)));
        c.put("a long row repeated", d -> Views.contiguous(Views.expand(draw(d, 70_001), Shape.of(2, 70_001))));
        c.put("every third", d -> Views.contiguous(Shaping.slice(draw(d, 3, 90_000), 1, 1, 90_000, 3)));
        c.put("bytes transposed", d -> {
            Tensor mask = Compare.less(draw(d, 300, 301), draw(d, 301));
            return Views.contiguous(Views.transpose(mask, 0, 1));
        });
        c.put("halves transposed", d -> {
            Tensor half = Pointwise.cast(draw(d, 200, 201), DType.BF16);
            return Views.contiguous(Views.transpose(half, 0, 1));
        });
        c.put("longs transposed", d -> {
            Tensor whole = Pointwise.cast(Pointwise.scale(draw(d, 200, 201), 1000), DType.I64);
            return Views.contiguous(Views.transpose(whole, 0, 1));
        });
        c.put("column plus row", d -> Pointwise.add(draw(d, 700, 1), draw(d, 90)));
        c.put("four loops", d -> Pointwise.mul(draw(d, 5, 1, 30, 1, 40), draw(d, 1, 9, 1, 4, 40)));
        c.put("images times channels", d -> Pointwise.mul(draw(d, 4, 30, 30, 24), draw(d, 4, 1, 1, 24)));
        c.put("transposed plus plain", d -> Pointwise.add(Views.transpose(draw(d, 300, 200), 0, 1), draw(d, 200, 300)));
        c.put("where", d -> Compare.where(Compare.isNan(draw(d, 300, 1)), draw(d, 200), draw(d, 300, 200)));
        c.put("sum of all", d -> Reductions.sum(draw(d, 70, 1001), 0, 1));
        c.put("sum of pixels", d -> Reductions.sum(draw(d, 3, 70, 70, 11), 1, 2));
        c.put("sum of outer axes", d -> Reductions.sum(draw(d, 30, 50, 40), 0, 2));
        c.put("variance of columns", d -> Reductions.variance(draw(d, 5000, 13), true, 0));
        c.put("minimum of outer axes", d -> Reductions.min(draw(d, 30, 50, 40), 0, 2));
        c.put("log softmax", d -> Softmax.logSoftmax(draw(d, 300, 131)));
        c.put("norm over a group", d -> {
            Tensor w = draw(d, 12);
            return Norms.groupNorm(draw(d, 2, 70, 70, 12), 3, w, w, 1e-5, Activation.SILU);
        });
        c.put("gather", d -> Shaping.gather(draw(d, 50, 700), 0, indices(d, 90, 50)));
        c.put("concat", d -> Shaping.concat(1, draw(d, 300, 70), Views.transpose(draw(d, 90, 300), 0, 1)));
        c.put("mse", d -> Losses.mse(draw(d, 200, 333), Pointwise.exp(draw(d, 200, 333))));
        c.put("cross entropy", d -> Losses.crossEntropy(draw(d, 5000, 10), indices(d, 5000, 10), 0.1));
        c.put("attention", d -> {
            Tensor q = draw(d, 2, 2, 70, 20);
            return Attention.attention(q, q, draw(d, 2, 2, 70, 21), null, new AttentionSpec(0.3, false));
        });
        return c;
    }

    @TestFactory
    Stream<DynamicTest> sameBits() {
        return cases().entrySet().stream()
                .map(e -> dynamicTest(e.getKey(), () -> {
                    HostTensor expected = run("reference", new BackendOptions(0, 1), e.getValue());
                    for (int lanes : new int[] {128, 512}) {
                        HostTensor actual = run("cpu", new BackendOptions(lanes, 3), e.getValue());
                        assertEquals(expected.shape(), actual.shape());
                        KernelCheck.same(e.getKey() + ", " + lanes + " bits", expected.toFloats(), actual.toFloats());
                    }
                }));
    }

    private static HostTensor run(String name, BackendOptions options, Function<Device, Tensor> body) {
        try (Backend device = Devices.open(name, options);
                Scope scope = Scope.open()) {
            return body.apply(device).toHost();
        }
    }
}
