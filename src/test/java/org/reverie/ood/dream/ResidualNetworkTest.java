package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.nn.Initializer;
import org.reverie.nn.Outline;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

class ResidualNetworkTest {
    /** The sizes of the official encoder and classifier, counted without memory for them. */
    @Test
    void resnet34HasTheKnownSize() {
        try (Scope scope = Scope.open()) {
            Initializer outline = Initializer.undefined(new Outline());
            assertEquals(21_670_976, new ResidualNetwork(outline, ResidualConfig.resnet34(), 768).parameterCount());
            ResidualNetwork classifier = new ResidualNetwork(outline, ResidualConfig.resnet34(), 100);
            assertEquals(21_328_292, classifier.parameterCount());
            assertEquals(
                    Shape.of(64, 3, 3, 3),
                    classifier
                            .named()
                            .get("conv1.weight")
                            .layout()
                            .toFile(classifier
                                    .named()
                                    .get("conv1.weight")
                                    .value()
                                    .shape()));
            assertTrue(classifier.named().containsKey("layer4.0.downsample.1.running_var"));
            assertTrue(!classifier.named().containsKey("layer1.0.downsample.0.weight"));
        }
    }

    private static Map<String, HostTensor> weights(Backend device) {
        try (Scope scope = Scope.open()) {
            return new ResidualNetwork(new Initializer(device, 1), ResidualConfig.small(1), 10).stateDict();
        }
    }

    @Test
    void theSizeIsReadOffTheWeights() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1))) {
            Map<String, HostTensor> weights = weights(device);
            assertEquals(ResidualConfig.small(1), ResidualWeights.config("file", weights));
            try (Encoder encoder = Encoder.of(device, "file", weights)) {
                assertEquals(10, encoder.outputs());
                assertEquals(1, encoder.channels());
            }
        }
    }

    @Test
    void everythingThatDoesNotFitIsNamedAtOnce() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1))) {
            Map<String, HostTensor> weights = new LinkedHashMap<>(weights(device));
            weights.remove("layer2.0.bn2.bias");
            weights.put("layer3.0.bn1.weight", HostTensor.allocate(DType.F32, Shape.of(7)));
            weights.put("surprise", HostTensor.allocate(DType.F32, Shape.of(2)));
            weights.put("bn1.num_batches_tracked", HostTensor.allocate(DType.I64, Shape.SCALAR));
            Exception e =
                    assertThrows(IllegalArgumentException.class, () -> Encoder.of(device, "x.safetensors", weights));
            assertEquals(
                    "x.safetensors: does not fit the model: missing layer2.0.bn2.bias [32]; layer3.0.bn1.weight has"
                            + " shape [7] instead of [64]; unexpected surprise [2]",
                    e.getMessage());
            weights.remove("conv1.weight");
            e = assertThrows(IllegalArgumentException.class, () -> Encoder.of(device, "x.safetensors", weights));
            assertEquals("x.safetensors: is no residual network: there is no conv1.weight", e.getMessage());
        }
    }
}
