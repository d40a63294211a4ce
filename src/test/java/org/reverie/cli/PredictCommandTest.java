package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.io.Npz;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

final class PredictCommandTest {
    @TempDir
    Path folder;

    @Test
    void resnet20IsRightOnCifar10AsOftenAsItsAuthorsSay() {
        TestData.file("cifar10/test_batch_first1000.bin.gz");
        for (String weights : new String[] {"cifar10-resnet20-12fca82f.safetensors", "resnet20-12fca82f.th"}) {
            Cli run = Cli.run(
                            "predict",
                            "--arch",
                            "resnet20",
                            "--weights",
                            TestData.file("weights/" + weights).toString(),
                            "--data",
                            "cifar10",
                            "--data-dir",
                            TestData.folder().toString())
                    .ok();
            assertEquals("top-1 91.50 %" + System.lineSeparator(), run.out());
            assertEquals("", run.err());
        }
    }

    @Test
    void tapsOfATensorAgreeWithTheGoldenFile() throws IOException {
        Path golden = TestData.file("golden/cifar10-resnet20-golden.npz");
        Path out = folder.resolve("taps.npz");
        String weights =
                TestData.file("weights/cifar10-resnet20-12fca82f.safetensors").toString();
        Cli run = Cli.run(
                        "predict",
                        "--arch",
                        "resnet20",
                        "--weights",
                        weights,
                        "--input",
                        golden.toString(),
                        "--key",
                        "input_first2",
                        "--taps",
                        "conv1,layer3",
                        "--out",
                        out.toString())
                .ok();
        assertEquals(2, run.out().lines().count(), run.out());
        Map<String, HostTensor> found = Npz.read(out);
        Map<String, HostTensor> expected = Npz.read(golden);
        assertEquals(List.of("logits", "tap_conv1", "tap_layer3"), List.copyOf(found.keySet()));
        for (String tap : new String[] {"tap_conv1", "tap_layer3"}) {
            HostTensor e = expected.get(tap + "_first2");
            HostTensor f = found.get(tap);
            assertEquals(e.shape(), f.shape());
            for (long i = 0; i < e.shape().elements(); i++) {
                assertEquals(e.get(i), f.get(i), 1e-4, tap);
            }
        }
    }

    /** The size of the batches changes nothing. */
    @Test
    void drawnImagesGiveTheSameBitsInBatchesOfAnySize() throws IOException {
        String weights = DrawnWeights.write("procedural", folder).toString();
        Map<String, HostTensor> first = null;
        for (String batch : new String[] {"2", "5"}) {
            Path out = folder.resolve("batch" + batch + ".npz");
            Cli run = Cli.run(
                            "predict",
                            "--arch=procedural",
                            "--weights=" + weights,
                            "--data=drawn-scenes",
                            "--limit=5",
                            "--batch=" + batch,
                            "--taps=stage4",
                            "--out=" + out)
                    .ok();
            assertTrue(run.out().startsWith("drawn-scenes[0]  class "), run.out());
            Map<String, HostTensor> found = Npz.read(out);
            assertEquals(Shape.of(5, 12), found.get("logits").shape());
            assertEquals(Shape.of(5, 128, 4, 4), found.get("tap_stage4").shape());
            if (first != null) {
                for (String name : first.keySet()) {
                    assertEquals(
                            -1, first.get(name).data().mismatch(found.get(name).data()), name);
                }
            }
            first = found;
        }
    }

    @Test
    void errorsNameTheFileAndTheRule() throws IOException {
        String weights = DrawnWeights.write("procedural", folder).toString();
        Path broken = Files.writeString(folder.resolve("broken.th"), "no weights at all");
        String[] arch = {"predict", "--arch", "procedural", "--weights"};
        Cli.run(with(arch, weights)).fails(Main.USAGE, "--data");
        Cli.run(with(arch, weights, "--data", "mnist", "--input", "x.npz")).fails(Main.USAGE, "mutually exclusive");
        Cli.run(with(arch, weights, "--data", "drawn-scenes", "--taps")).fails(Main.USAGE, "--out");
        Cli.run(with(arch, "absent.th", "--data", "drawn-scenes")).fails(Main.FAILED, "no such file: absent.th");
        Cli.run(with(arch, broken.toString(), "--data", "drawn-scenes")).fails(Main.FAILED, "broken.th", "safetensors");
        Cli.run(with(arch, weights, "--data", "atlantis")).fails(Main.FAILED, "atlantis", "drawn-scenes");
        Cli.run(with(arch, weights, "--data", "drawn-scenes", "--split", "some"))
                .fails(Main.USAGE, "some");
        Cli.run(with(arch, weights, "--input", weights)).fails(Main.FAILED, "no array called input");
        Cli.run("predict", "--arch", "resnet21", "--weights", weights, "--data", "drawn-scenes")
                .fails(Main.FAILED, "no network is called resnet21", "mobilenet");
        Cli.run("predict", "--arch", "resnet20", "--weights", weights, "--data", "drawn-scenes")
                .fails(Main.FAILED, weights, "missing");
        Cli.run(with(
                        arch,
                        weights,
                        "--data",
                        "drawn-scenes",
                        "--limit",
                        "1",
                        "--taps",
                        "x",
                        "--out",
                        folder + "/y.npz"))
                .fails(Main.FAILED, "no output called x");
    }

    private static String[] with(String[] first, String... rest) {
        String[] all = Arrays.copyOf(first, first.length + rest.length);
        System.arraycopy(rest, 0, all, first.length, rest.length);
        return all;
    }
}
