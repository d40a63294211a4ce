package org.reverie.gpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.reverie.data.Preprocess;
import org.reverie.device.Backend;
import org.reverie.models.ImageInput;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.op.Autocast;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Whole networks as Java sees them: EfficientNet-B4's forward pass, and a DLSR scoring batch from bytes on the host to the
 * reconstruction on the host. Each is a recording. Weights are random.
 */
final class EndToEnd {
    private static final int SIDE = 224;
    private static final double SPREAD = 0.1;

    private final Backend device;
    private final DType dtype;
    private final ImageModel encoder;
    private final int repeats;
    private final List<Map<String, Object>> rows = new ArrayList<>();

    EndToEnd(Backend device, DType dtype, int repeats) {
        this.device = device;
        this.dtype = dtype;
        this.repeats = repeats;
        this.encoder = Models.create("efficientnet_b4", Set.of());
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        encoder.network().checkpointShapes().forEach((name, shape) -> weights.put(name, random(name, shape)));
        encoder.network().load(device, "random weights", weights, dtype);
    }

    /** Of variances that keep activations at their size. */
    private static HostTensor random(String name, Shape shape) {
        float[] values = new float[Math.toIntExact(shape.elements())];
        Philox.fillNormal(1, Philox.stream(name), 0, values);
        boolean kernel = shape.rank() > 1;
        double deviation = kernel ? Math.sqrt(2.0 * shape.dim(0) / values.length) : SPREAD;
        double middle = !kernel && (name.endsWith("weight") || name.endsWith("var")) ? 1 : 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (middle + deviation * values[i]);
        }
        return HostTensor.of(shape, values);
    }

    /** @param sides of EfficientNet-B4's images; those of the scoring are 224 */
    List<Map<String, Object>> measure(int[] batches, int[] sides) {
        try (Scope scope = Scope.open();
                ImageInput input = new ImageInput(device, Preprocess.imagenet(SIDE), SIDE, SIDE)) {
            Lfdn lfdn = new Lfdn(new Initializer(device, 1).withWeights(dtype), LfdnConfig.paper());
            for (int batch : batches) {
                for (int side : sides) {
                    HostTensor pixels = random("pixels", Shape.of(batch, side, side, 3));
                    row(
                            "efficientnet_b4",
                            pixels,
                            images -> List.of(encoder.network().forward(images)));
                }
                row("dlsr_score", bytes(Shape.of(batch, SIDE, SIDE, 3)), images -> score(lfdn, input, images));
            }
        }
        encoder.network().close();
        return rows;
    }

    private List<Tensor> score(Lfdn lfdn, ImageInput input, Tensor images) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> maps = encoder.network().forward(input.of(images), encoder.taps());
            Tensor z = Shaping.concat(
                    1,
                    encoder.taps().stream()
                            .map(tap -> LayerPooling.AVERAGE.pool(Pointwise.cast(maps.get(tap), DType.F32)))
                            .toArray(Tensor[]::new));
            Tensor t = Tensor.from(device, HostTensor.of(Shape.of(1), 5));
            return List.of(scope.keep(Autocast.inside(dtype, () -> lfdn.apply(Pointwise.scale(z, 0.99), t))));
        }
    }

    private static HostTensor bytes(Shape shape) {
        HostTensor bytes = HostTensor.allocate(DType.U8, shape);
        byte[] values = new byte[Math.toIntExact(shape.elements())];
        new SplittableRandom(1).nextBytes(values);
        bytes.data().copyFrom(MemorySegment.ofArray(values));
        return bytes;
    }

    private interface Work {
        List<Tensor> of(Tensor images);
    }

    private void row(String op, HostTensor pixels, Work work) {
        int batch = pixels.shape().dim(0);
        int side = pixels.shape().dim(1);
        try (Scope scope = Scope.open()) {
            Tensor images = Tensor.from(device, pixels);
            try (Recording recording = device.record(() -> work.of(images))) {
                double[] micros = new double[repeats];
                for (int i = -3; i < repeats; i++) {
                    long start = System.nanoTime();
                    device.upload(pixels.data(), images.buffer(), 0);
                    recording.replay().getFirst().toHost();
                    if (i >= 0) {
                        micros[i] = (System.nanoTime() - start) / 1e3;
                    }
                }
                Arrays.sort(micros);
                double median = micros[repeats / 2];
                Map<String, Object> r = new LinkedHashMap<>();
                r.put("op", op);
                r.put("shape", batch + "x" + side + "x" + side);
                r.put("dtype", dtype.label());
                r.put("note", recording.isOneLaunch() ? "one graph launch" : "the code runs each time");
                r.put("microseconds", median);
                r.put("fastest", micros[0]);
                r.put("slowest", micros[repeats - 1]);
                r.put("images_per_second", batch / median * 1e6);
                rows.add(r);
                System.out.printf(
                        Locale.ROOT,
                        "%-16s %-16s %-4s %12.1f images/s%n",
                        op,
                        r.get("shape"),
                        dtype.label(),
                        batch / median * 1e6);
            }
        }
    }
}
