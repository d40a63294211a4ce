package org.reverie.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.reverie.device.Backend;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Whole networks as Java sees them: EfficientNet-B4's forward pass, and a DLSR scoring batch from pixels on the host to the
 * reconstruction on the host. Each is a recording. Weights are random.
 */
final class EndToEnd {
    private static final int SIDE = 224;
    private static final double SPREAD = 0.1;

    private final Backend device;
    private final ImageModel encoder;
    private final int repeats;
    private final List<Map<String, Object>> rows = new ArrayList<>();

    EndToEnd(Backend device, int repeats) {
        this.device = device;
        this.repeats = repeats;
        this.encoder = Models.create("efficientnet_b4", Set.of());
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        encoder.network().checkpointShapes().forEach((name, shape) -> weights.put(name, random(name, shape)));
        encoder.network().load(device, "random weights", weights);
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

    List<Map<String, Object>> measure(int[] batches) {
        try (Scope scope = Scope.open()) {
            Lfdn lfdn = new Lfdn(new Initializer(device, 1), LfdnConfig.paper());
            for (int batch : batches) {
                row(
                        "efficientnet_b4",
                        batch,
                        images -> List.of(encoder.network().forward(images)));
                row("dlsr_score", batch, images -> score(lfdn, images));
            }
        }
        encoder.network().close();
        return rows;
    }

    private List<Tensor> score(Lfdn lfdn, Tensor images) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> maps = encoder.network().forward(images, encoder.taps());
            Tensor z = Shaping.concat(
                    1,
                    encoder.taps().stream()
                            .map(tap -> LayerPooling.AVERAGE.pool(maps.get(tap)))
                            .toArray(Tensor[]::new));
            Tensor t = Tensor.from(device, HostTensor.of(Shape.of(1), 5));
            return List.of(scope.keep(lfdn.apply(Pointwise.scale(z, 0.99), t)));
        }
    }

    private interface Work {
        List<Tensor> of(Tensor images);
    }

    private void row(String op, int batch, Work work) {
        HostTensor pixels = random("pixels", Shape.of(batch, SIDE, SIDE, 3));
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
                r.put("shape", batch + "x" + SIDE + "x" + SIDE);
                r.put("dtype", "f32");
                r.put("note", recording.isOneLaunch() ? "one graph launch" : "the code runs each time");
                r.put("microseconds", median);
                r.put("fastest", micros[0]);
                r.put("slowest", micros[repeats - 1]);
                r.put("images_per_second", batch / median * 1e6);
                rows.add(r);
                System.out.printf(Locale.ROOT, "%-16s batch %4d %12.1f images/s%n", op, batch, batch / median * 1e6);
            }
        }
    }
}
