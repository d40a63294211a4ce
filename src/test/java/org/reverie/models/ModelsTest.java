package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.TorchFiles;
import org.reverie.op.Random;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Architectures whose weights can't be had: sizes, names and shapes, on checkpoints of the same layout drawn from a seed. */
class ModelsTest {
    @TempDir
    Path folder;

    @Test
    void efficientNetB4HasTheSpecifiedSize() {
        Network b4 = Models.create("efficientnet_b4", Set.of()).network();
        assertEquals(19_341_616, b4.parameterCount());
        assertEquals(16_742_216, b4.parameterCount(List.of("block31")));
        long norms = b4.checkpointShapes().keySet().stream()
                .filter(n -> n.endsWith("running_mean"))
                .count();
        assertEquals(706, b4.checkpointShapes().size() + norms, "tensors, with one counter for each norm");
        assertEquals(Shape.of(144, 1, 3, 3), b4.checkpointShapes().get("_blocks.2._depthwise_conv.weight"));
        assertEquals(Shape.of(6, 144, 1, 1), b4.checkpointShapes().get("_blocks.2._se_reduce.weight"));
    }

    @Test
    void efficientNetB4LoadsFromAStreamFileAndHasTheSpecifiedTaps() throws IOException {
        assertTaps(
                "efficientnet_b4",
                false,
                Map.of(
                        "block1", Shape.of(1, 112, 112, 24),
                        "block5", Shape.of(1, 56, 56, 32),
                        "block9", Shape.of(1, 28, 28, 56),
                        "block21", Shape.of(1, 14, 14, 160),
                        "block31", Shape.of(1, 7, 7, 448)));
    }

    @Test
    void resNet50HasTheKnownSize() {
        Network resnet = Models.create("resnet50", Set.of()).network();
        assertEquals(25_557_032, resnet.parameterCount());
        assertEquals(8_543_296, resnet.parameterCount(List.of("layer3")));
    }

    @Test
    void resNet50LoadsFromAZipFileAndHasTheSpecifiedTaps() throws IOException {
        assertTaps(
                "resnet50",
                true,
                Map.of(
                        "layer1", Shape.of(1, 56, 56, 256),
                        "layer2", Shape.of(1, 28, 28, 512),
                        "layer3", Shape.of(1, 14, 14, 1024)));
    }

    /** Asking for every activation keeps blocks from being computed in pieces. */
    @Test
    void logitsDoNotDependOnWhatElseIsAskedForOrOnTheBatch() {
        Network network = Models.create("mobilenet_v2_1.0_160", Set.of()).network();
        Map<String, HostTensor> state = new LinkedHashMap<>();
        seeded(network).forEach((n, t) -> state.put(n, (HostTensor) t));
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                network;
                Scope scope = Scope.open()) {
            network.load(cpu, "seeded", state);
            Tensor x = Random.normal(cpu, Shape.of(3, 160, 160, 3), 1, 0);
            float[] logits = network.forward(x).toFloats();
            float[] watched =
                    network.forward(x, network.outputs()).get("logits").toFloats();
            assertArrayEquals(watched, logits);
            Tensor second = x.view(Shape.of(1, 160, 160, 3), x.strides(), 160 * 160 * 3);
            assertArrayEquals(
                    Arrays.copyOfRange(logits, 1001, 2002),
                    network.forward(second).toFloats());
        }
    }

    private void assertTaps(String arch, boolean zip, Map<String, Shape> taps) throws IOException {
        Network network = Models.create(arch, Set.of()).network();
        Path file = folder.resolve(arch + ".pth");
        if (zip) {
            TorchFiles.writeZip(file, seeded(network));
        } else {
            TorchFiles.writeStream(file, seeded(network));
        }
        WeightsFile weights = WeightsFile.open(file);
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                network;
                Scope scope = Scope.open()) {
            network.load(cpu, weights.source(), weights.tensors());
            float[] image = new float[224 * 224 * 3];
            Philox.fillNormal(1, Philox.stream("test.image"), 0, image);
            Tensor x = Tensor.of(cpu, Shape.of(1, 224, 224, 3), image);
            network.forward(x, taps.keySet()).forEach((name, t) -> {
                assertEquals(taps.get(name), t.shape(), name);
                for (float v : t.toFloats()) {
                    assertTrue(Float.isFinite(v), name);
                }
            });
        }
    }

    /** Every tensor of the layout, counters included, with numbers that keep activations finite. */
    private static Map<String, Object> seeded(Network network) {
        Map<String, Object> state = new LinkedHashMap<>();
        network.checkpointShapes().forEach((name, shape) -> {
            float[] values = new float[Math.toIntExact(shape.elements())];
            double scale = shape.rank() > 1 ? Math.sqrt(2.0 * shape.dim(0) / values.length) : 0.1;
            for (int i = 0; i < values.length; i++) {
                float z = (float) scale * (2 * Philox.uniform(7, Philox.stream(name), i) - 1);
                values[i] = name.endsWith("running_var") || shape.rank() == 1 && name.endsWith("weight") ? 1 + z : z;
            }
            state.put(name, HostTensor.of(shape, values));
            if (name.endsWith("running_var")) {
                state.put(name.replace("running_var", "num_batches_tracked"), HostTensor.of(Shape.SCALAR, 1000L));
            }
        });
        return state;
    }

    @Test
    void aCheckpointThatDoesNotFitIsRefusedWithAllThatIsWrong() {
        Network network = Models.create("resnet20", Set.of()).network();
        Map<String, HostTensor> state = new LinkedHashMap<>();
        network.checkpointShapes().forEach((n, s) -> state.put(n, HostTensor.of(s, new float[(int) s.elements()])));
        state.remove("bn1.bias");
        state.put("conv1.weight", HostTensor.of(Shape.of(2), 1f, 2f));
        state.put("extra", HostTensor.of(Shape.of(1), 1f));
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Exception e = assertThrows(IllegalArgumentException.class, () -> network.load(cpu, "file.pth", state));
            assertEquals(
                    "file.pth: does not fit the model: conv1.weight has shape [2] instead of [16, 3, 3, 3];"
                            + " missing bn1.bias [16]; unexpected extra [1]",
                    e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"resnet21", "resnet8", "mobilenet_v3_1.0", "mobilenet_v2_9", "mobilenet_v1_1.0_7", "vgg16", ""})
    void unknownNamesAreRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Models.create(name, Set.of()));
    }

    /** Published sizes in millions: 4.2 and 3.5 for ImageNet, 0.27 and 1.7 for CIFAR-10. */
    @Test
    void sizesAreThePublishedOnes() {
        assertEquals(4.2, millions("mobilenet_v1_1.0_224"), 0.05);
        assertEquals(3.5, millions("mobilenet_v2_1.0"), 0.05);
        assertEquals(6.1, millions("mobilenet_v2_1.4_96"), 0.05);
        assertEquals(1.24, millions("squeezenet1_1"), 0.005);
        assertEquals(0.27, millions("resnet20"), 0.005);
        assertEquals(1.7, millions("resnet110"), 0.05);
        assertEquals(0.2955, millions("procedural"), 0.0005);
    }

    private static double millions(String name) {
        return Models.create(name, Set.of()).network().parameterCount() / 1e6;
    }
}
