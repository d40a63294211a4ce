package org.reverie;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.autograd.Tape;
import org.reverie.data.DrawnSets;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.models.FashionSamples;
import org.reverie.models.FashionUNet;
import org.reverie.models.ProceduralEncoder;
import org.reverie.models.Progress;
import org.reverie.models.WeightsFile;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.DlsrTraining;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.Reconstruction;
import org.reverie.ood.dlsr.SetIdentity;
import org.reverie.ood.dlsr.TrainConfig;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.op.Random;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Whole trainings on the CPU and on a device: every weight, moment, loss, score and sample has the same bits. */
final class SameBitsOnDevicesTest {
    private static final long SEED = 11;

    @TempDir
    Path folder;

    /** A detector from its images to its thresholds; it is stopped once, so that the loss of half an epoch lies in a file. */
    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void aDetector(String kind) throws IOException {
        try (Backend device = TestDevices.open(kind);
                Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Map<String, float[]> expected = detector(cpu, folder.resolve("cpu"));
            Map<String, float[]> actual = detector(device, folder.resolve("device"));
            assertSameFiles(folder.resolve("cpu"), folder.resolve("device"));
            assertEquals(expected.keySet(), actual.keySet());
            expected.forEach((score, values) -> assertSameBits(score, values, actual.get(score)));
        }
    }

    /** Leaves a detector's files in a folder; the scores of other images in every mode. */
    private static Map<String, float[]> detector(Backend device, Path folder) throws IOException {
        ImageSet images = DrawnSets.open("drawn-scenes", Split.TRAIN).limit(40);
        WeightsFile weights = WeightsFile.procedural();
        DlsrTraining.Request request = new DlsrTraining.Request(
                ProceduralEncoder.NAME,
                weights.tensors(),
                weights.sha256(),
                List.of("stage1", "stage3"),
                LayerPooling.AVERAGE,
                new LfdnConfig(1, 24, 8, 2),
                new TrainConfig(2, 16, 1e-3, 1e-4, 0.999, SEED));
        String identity = SetIdentity.of(images);
        assertFalse(new DlsrTraining(device, folder).run(images, identity, request, stoppingAfter(2)));
        Path state = folder.resolve("state.safetensors");
        Files.copy(state, folder.resolve("state-after-two-steps.safetensors"));
        assertTrue(new DlsrTraining(device, folder).run(images, identity, request, Progress.NONE));
        Map<String, float[]> found = new LinkedHashMap<>();
        try (DlsrModel model = DlsrModel.open(folder, device)) {
            var foreign = model.extractor(8)
                    .extract(DrawnSets.open("drawn-noise", Split.TEST).limit(11), "noise", Progress.NONE);
            for (Reconstruction how :
                    new Reconstruction[] {Reconstruction.fast(), Reconstruction.clean(), Reconstruction.compat()}) {
                model.scores(foreign, how, SEED, Progress.NONE)
                        .forEach((score, values) -> found.put(how.mode() + " " + score, values));
            }
        }
        return found;
    }

    private static Progress stoppingAfter(int steps) {
        return new Progress() {
            private int seen;

            @Override
            public void at(String task, long done, long total, String detail) {
                seen += task.equals("training") ? 1 : 0;
            }

            @Override
            public boolean cancelled() {
                return seen >= steps;
            }
        };
    }

    private static void assertSameFiles(Path expected, Path actual) throws IOException {
        try (Stream<Path> files = Files.list(expected)) {
            List<String> names =
                    files.map(f -> f.getFileName().toString()).sorted().toList();
            assertTrue(
                    names.containsAll(List.of("dlsr.json", "lfdn.safetensors", "state.safetensors")), names::toString);
            for (String name : names) {
                assertArrayEquals(
                        Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
            }
        }
    }

    /** A U-Net of convolutions, transposed convolutions and norms over whole images, and pictures drawn with it. */
    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void aDenoiserOfImages(String kind) {
        try (Backend device = TestDevices.open(kind);
                Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Map<String, HostTensor> expected = unet(cpu);
            Map<String, HostTensor> actual = unet(device);
            assertEquals(expected.keySet(), actual.keySet());
            expected.forEach((name, t) -> {
                assertEquals(t.shape(), actual.get(name).shape(), name);
                assertEquals(-1, t.data().mismatch(actual.get(name).data()), name);
            });
        }
    }

    private static Map<String, HostTensor> unet(Backend device) {
        Map<String, HostTensor> found = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            FashionUNet network = new FashionUNet(new Initializer(device, SEED));
            train(network, device, found);
            network.stateDict().forEach((name, t) -> found.put("weights " + name, t));
            Sampler sampler = new Sampler(FashionSamples.SCHEDULE, network::apply, Prediction.EPSILON, SEED);
            Tensor start = sampler.start(device, Shape.of(2, 28, 28, 1));
            found.put("ddim", sampler.ddim(start, 3, 1).toHost());
            NoiseSchedule few = NoiseSchedule.linear(4, 1e-4, 0.02);
            found.put(
                    "ddpm",
                    new Sampler(few, network::apply, Prediction.EPSILON, SEED)
                            .ddpm(start)
                            .toHost());
        }
        return found;
    }

    private static void train(FashionUNet network, Backend device, Map<String, HostTensor> found) {
        NoiseSchedule schedule = FashionSamples.SCHEDULE;
        Tensor clean = Random.uniform(device, Shape.of(2, 28, 28, 1), SEED, Philox.stream("images"));
        List<Tensor> parameters = network.parameters();
        try (AdamW adam = new AdamW(parameters, AdamWConfig.of(1e-3).withWeightDecay(1e-2))) {
            for (int i = 0; i < 3; i++) {
                try (Scope step = Scope.open();
                        Tape tape = Tape.watch(parameters)) {
                    Tensor noise = Random.normal(device, clean.shape(), SEED, Philox.stream("noise", i));
                    Tensor t = Tensor.from(device, HostTensor.of(Shape.of(2), 300 * i, 999 - i));
                    Tensor noisy = DiffusionOps.qSample(
                            clean, noise, t, schedule.sqrtAlphaBar(device), schedule.sqrtOneMinusAlphaBar(device));
                    Tensor loss = Losses.mse(network.apply(noisy, t), noise);
                    adam.step(tape.gradients(loss, parameters));
                    found.put("loss " + i, loss.toHost());
                }
            }
            adam.state().forEach((name, t) -> found.put("optimizer " + name, t));
        }
    }

    private static void assertSameBits(String what, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(
                    Float.floatToRawIntBits(expected[i]), Float.floatToRawIntBits(actual[i]), what + ", number " + i);
        }
    }
}
