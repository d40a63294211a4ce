package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reverie.TestData;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.Npz;
import org.reverie.io.Weights;
import org.reverie.nn.Initializer;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The networks with real weights against tensors that ONNX Runtime computed from the same weights. The two add in
 * different orders, so agreement is within rounding: the largest difference, relative to the largest magnitude of the
 * tensor, is printed and bounded.
 */
class GoldenTest {
    private static final double BOUND = 2e-5;

    @Test
    void resnet20() throws IOException {
        check(
                "resnet20",
                "cifar10-resnet20-12fca82f",
                "cifar10-resnet20",
                "input_first2",
                Map.of(
                        "tap_conv1_first2", "conv1",
                        "tap_layer1_first2", "layer1",
                        "tap_layer2_first2", "layer2",
                        "tap_layer3_first2", "layer3"));
    }

    @Test
    void resnet32() throws IOException {
        check(
                "resnet32",
                "cifar10-resnet32-d509ac18",
                "cifar10-resnet32",
                "input_first2",
                Map.of(
                        "tap_conv1_first2", "conv1",
                        "tap_layer1_first2", "layer1",
                        "tap_layer2_first2", "layer2",
                        "tap_layer3_first2", "layer3"));
    }

    @Test
    void mobilenetV1() throws IOException {
        String n = "imagenet-mobilenet_v1_0.25_224";
        check(
                "mobilenet_v1_0.25_224",
                n,
                n,
                "input",
                Map.of(
                        "logits", "logits",
                        "tap_conv06_act", "conv06_act",
                        "tap_conv10_act", "conv10_act",
                        "tap_conv22_act", "conv22_act",
                        "tap_conv26_act", "conv26_act"));
    }

    @Test
    void mobilenetV2() throws IOException {
        String n = "imagenet-mobilenet_v2_1.0_224";
        check(
                "mobilenet_v2_1.0",
                n,
                n,
                "input",
                Map.of(
                        "logits", "logits",
                        "tap_add09", "add09",
                        "tap_add20", "add20",
                        "tap_add46", "add46",
                        "tap_conv60", "conv60",
                        "tap_conv61_act", "conv61_act"));
    }

    @Test
    void mobilenetV2Keras() throws IOException {
        String n = "imagenet-mobilenet_v2_0.35_224-notop";
        check(
                "mobilenet_v2_0.35_224",
                n,
                n,
                "input",
                Map.of(
                        "features", "features",
                        "tap_tap_block_2_add", "block_2_add",
                        "tap_tap_block_5_add", "block_5_add",
                        "tap_tap_block_12_add", "block_12_add",
                        "tap_tap_block_16_project_BN", "block_16_project_BN",
                        "tap_tap_out_relu", "out_relu"));
    }

    @Test
    void squeezenet() throws IOException {
        String n = "imagenet-squeezenet_v1.1_227";
        check(
                "squeezenet1_1",
                n,
                n,
                "input",
                Map.of(
                        "logits", "logits",
                        "tap_pool3", "pool3",
                        "tap_pool5", "pool5",
                        "tap_fire9_concat", "fire9/concat"));
    }

    @Test
    void fashionUnet() throws IOException {
        Map<String, HostTensor> file = Npz.read(TestData.file("golden/ddpm_fashion-golden.npz"));
        String weights = "weights/ddpm_fashion-unet.safetensors";
        Map<String, HostTensor> state = Weights.open(TestData.file(weights)).tensors();
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            FashionUNet unet = new FashionUNet(new Initializer(cpu, 0));
            unet.load(weights, state, n -> false);
            assertEquals(
                    606_852,
                    unet.named().values().stream()
                            .mapToLong(p -> p.value().elements())
                            .sum());
            Tensor x = Tensor.from(cpu, GoldenTensors.toNhwc(file.get("x_t")));
            Map<String, Tensor> found = unet.taps(x, Tensor.from(cpu, file.get("t")));
            Map<String, String> names =
                    Map.of("out1", "out1", "out2", "out2", "out3", "out3", "out_mid", "out_mid", "eps_pred", "noise");
            names.forEach((theirs, ours) -> {
                double e = GoldenTensors.relativeError(
                        file.get(theirs), found.get(ours).toHost());
                System.out.println("ddpm_fashion " + ours + " against its golden tensor: " + e);
                assertTrue(e < BOUND, ours + ": relative error " + e);
            });
        }
    }

    private static void check(String arch, String weights, String golden, String input, Map<String, String> taps)
            throws IOException {
        Map<String, HostTensor> file = Npz.read(TestData.file("golden/" + golden + "-golden.npz"));
        Map<String, HostTensor> state = Weights.open(TestData.file("weights/" + weights + ".safetensors"))
                .tensors();
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open();
                Network network = Models.create(arch, state.keySet()).network().load(cpu, weights, state)) {
            Tensor x = Tensor.from(cpu, GoldenTensors.toNhwc(file.get(input)));
            List<String> wanted = new ArrayList<>(taps.values());
            Map<String, Tensor> found = network.forward(x, wanted);
            Map<String, Double> errors = new LinkedHashMap<>();
            taps.forEach((theirs, ours) -> errors.put(
                    ours,
                    GoldenTensors.relativeError(
                            file.get(theirs), found.get(ours).toHost())));
            System.out.println(arch + " against its golden tensors: " + errors);
            errors.forEach((name, e) -> assertTrue(e < BOUND, arch + " " + name + ": relative error " + e));
        }
    }

    /** The 1,000 CIFAR-10 test images from their bytes: the known accuracy, and the golden file's logits. */
    @Test
    void resnet20ClassifiesCifar10() throws IOException {
        Map<String, HostTensor> file = Npz.read(TestData.file("golden/cifar10-resnet20-golden.npz"));
        String weights = "weights/cifar10-resnet20-12fca82f.safetensors";
        Map<String, HostTensor> state = Weights.open(TestData.file(weights)).tensors();
        ImageModel model = Models.create("resnet20", state.keySet());
        float[] logits = new float[1000 * 10];
        int right = 0;
        try (ImageSet images = ImageSets.open(TestData.file("cifar10/test_batch_first1000.bin.gz"), Split.TEST);
                Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Network network = model.network().load(cpu, weights, state)) {
            float[] batch = new float[100 * model.preprocess().floatsPerImage()];
            for (int from = 0; from < 1000; from += 100) {
                model.preprocess().fill(images, from, 100, batch);
                try (Scope scope = Scope.open()) {
                    Tensor y = network.forward(Tensor.of(cpu, Shape.of(100, 32, 32, 3), batch));
                    System.arraycopy(y.toFloats(), 0, logits, from * 10, 1000);
                }
            }
            for (int i = 0; i < 1000; i++) {
                int best = 0;
                for (int c = 1; c < 10; c++) {
                    best = logits[i * 10 + c] > logits[i * 10 + best] ? c : best;
                }
                right += best == images.label(i) ? 1 : 0;
            }
        }
        double error =
                GoldenTensors.relativeError(file.get("test_logits_1000"), HostTensor.of(Shape.of(1000, 10), logits));
        System.out.println("resnet20 on CIFAR-10: " + right + " of 1000, logits' relative error " + error);
        assertEquals(915, right);
        assertTrue(error < BOUND, "relative error " + error);
    }
}
