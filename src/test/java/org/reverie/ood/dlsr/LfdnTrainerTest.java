package org.reverie.ood.dlsr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.FormatException;
import org.reverie.models.Progress;
import org.reverie.tensor.HostTensor;

/** Training: the same bits whatever interrupts it and wherever it runs. */
class LfdnTrainerTest {
    private static final LfdnConfig SIZE = new LfdnConfig(12, 24, 8, 2);
    private static final TrainConfig TRAINING = new TrainConfig(3, 16, 1e-3, 1e-4, 0.999, 5);

    @TempDir
    Path folder;

    @Test
    void interruptedTrainingEndsWithTheSameBits() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Map<String, HostTensor> straight = train(cpu, folder.resolve("straight"), Integer.MAX_VALUE);
            Path state = folder.resolve("interrupted");
            int parts = 0;
            Map<String, HostTensor> resumed = null;
            while (resumed == null) {
                resumed = train(cpu, state, 2);
                parts++;
            }
            assertTrue(parts > 3, parts + " parts");
            assertSame(straight, resumed);
        }
    }

    @Test
    void theScalarReferenceTrainsToTheSameBits() throws IOException {
        try (Backend cpu = Devices.open("cpu", new BackendOptions(256, 2));
                Backend reference = Devices.open("reference", BackendOptions.DEFAULT)) {
            assertSame(
                    train(reference, folder.resolve("reference"), Integer.MAX_VALUE),
                    train(cpu, folder.resolve("cpu"), Integer.MAX_VALUE));
        }
    }

    @Test
    void theStateOfAnotherTrainingIsRefused() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Path state = folder.resolve("state");
            train(cpu, state, Integer.MAX_VALUE);
            TrainConfig other = new TrainConfig(3, 16, 1e-2, 1e-4, 0.999, 5);
            try (LfdnTrainer t = new LfdnTrainer(cpu, SIZE, other, features(), "test")) {
                assertThrows(FormatException.class, () -> t.resume(state));
            }
        }
    }

    @Test
    void moreEpochsGoOnFromAFinishedTraining() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Path state = folder.resolve("state");
            train(cpu, state, Integer.MAX_VALUE);
            try (LfdnTrainer t = new LfdnTrainer(cpu, SIZE, TRAINING.withEpochs(4), features(), "test")) {
                assertTrue(t.resume(state));
                assertEquals(3, t.epoch());
                assertTrue(t.run(state, Progress.NONE));
            }
        }
    }

    @Test
    void aLossThatIsNoNumberEndsTheTraining() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            TrainConfig wild = new TrainConfig(3, 16, 1e30, 1e-4, 0.999, 5);
            try (LfdnTrainer t = new LfdnTrainer(cpu, SIZE, wild, features(), "test")) {
                Exception e =
                        assertThrows(IllegalStateException.class, () -> t.run(folder.resolve("state"), Progress.NONE));
                assertTrue(e.getMessage().contains("epoch 1: a smaller learning rate may help"), e.getMessage());
            }
        }
    }

    /** Trains at most {@code steps} more steps; the averaged weights if it is then complete, else null. */
    private static Map<String, HostTensor> train(Backend device, Path state, int steps) throws IOException {
        try (LfdnTrainer t = new LfdnTrainer(device, SIZE, TRAINING, features(), "test")) {
            t.resume(state);
            boolean done = t.run(state, new Progress() {
                private int seen;

                @Override
                public void at(String task, long at, long total, String detail) {
                    seen++;
                }

                @Override
                public boolean cancelled() {
                    return seen >= steps;
                }
            });
            if (!done) {
                return null;
            }
            assertFalse(t.afterFirstEpoch().isEmpty());
            return t.averaged();
        }
    }

    private static float[] features() {
        SplittableRandom r = new SplittableRandom(9);
        float[] x = new float[70 * SIZE.features()];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) r.nextGaussian();
        }
        return LayerNormalizer.normalize(x, List.of(4, 12));
    }

    private static void assertSame(Map<String, HostTensor> expected, Map<String, HostTensor> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((n, t) -> assertArrayEquals(t.toFloats(), actual.get(n).toFloats(), 0f, n));
    }
}
