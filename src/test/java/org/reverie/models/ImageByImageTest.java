package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Random;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A batch whose images are computed on threads of their own has the bits of each image alone, and leaves nothing behind. */
class ImageByImageTest {
    @Test
    void aBatchHasTheBitsOfItsImages() {
        for (String name : List.of("mobilenet_v2_0.35_96", "resnet20")) {
            for (int threads = 1; threads <= 3; threads++) {
                try (Backend cpu = Devices.open("cpu", new BackendOptions(0, threads));
                        Scope scope = Scope.open();
                        Network network = Models.create(name, Set.of()).network()) {
                    Map<String, HostTensor> weights = new LinkedHashMap<>();
                    network.checkpointShapes().forEach((n, shape) -> weights.put(n, positive(n, shape)));
                    network.load(cpu, "drawn", weights);
                    List<String> all = List.copyOf(network.outputs());
                    List<String> wanted = List.of(all.get(all.size() / 2), network.output());
                    Tensor images = Random.normal(cpu, Shape.of(5, 32, 32, 3), 1, 0);
                    long live = cpu.memory().live();
                    try (Scope step = Scope.open()) {
                        Map<String, Tensor> together = network.forward(images, wanted);
                        for (int i = 0; i < 5; i++) {
                            Map<String, Tensor> one = network.forward(Shaping.slice(images, 0, i, i + 1), wanted);
                            for (String w : wanted) {
                                Tensor part = Shaping.slice(together.get(w), 0, i, i + 1);
                                assertArrayEquals(one.get(w).toFloats(), part.toFloats(), name + " " + w);
                            }
                        }
                    }
                    assertEquals(live, cpu.memory().live());
                }
            }
        }
    }

    /** Numbers around 0.1, which suit variances too. */
    private static HostTensor positive(String name, Shape shape) {
        float[] values = new float[(int) shape.elements()];
        Philox.fillNormal(1, Philox.stream(name), 0, values);
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1f + 0.02f * Math.abs(values[i]);
        }
        return HostTensor.of(shape, values);
    }
}
