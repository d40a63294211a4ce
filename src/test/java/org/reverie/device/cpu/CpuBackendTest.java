package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.KernelCall;
import org.reverie.device.MissingKernelException;
import org.reverie.device.spec.NoAttributes;
import org.reverie.models.Progress;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.LfdnTrainer;
import org.reverie.ood.dlsr.TrainConfig;
import org.reverie.op.Ops;
import org.reverie.random.Philox;
import org.reverie.tensor.Tensor;

class CpuBackendTest {
    @Test
    void everyKernelIsOfADeclaredOp() {
        try (CpuBackend cpu = open()) {
            for (String name : cpu.kernels()) {
                assertNotNull(Ops.find(name), "no op is called " + name);
                assertEquals("vector-128", cpu.explain(name));
            }
        }
    }

    /** Only ops that are views of their input whatever its strides, so that no backend ever computes them, have none. */
    @Test
    void everyOpHasAKernel() {
        try (CpuBackend cpu = open()) {
            Set<String> without = new TreeSet<>();
            Ops.all().forEach(op -> without.add(op.name()));
            without.removeAll(cpu.kernels());
            assertEquals(Set.of("expand", "permute", "slice"), without);
        }
    }

    @Test
    void opsWithoutAKernelAreCountedByName() {
        try (CpuBackend cpu = open()) {
            KernelCall call = new KernelCall("unheard_of", NoAttributes.NONE, new Tensor[0], new Tensor[0]);
            assertThrows(MissingKernelException.class, () -> cpu.run(call));
            assertThrows(MissingKernelException.class, () -> cpu.run(call));
            assertEquals(Map.of("unheard_of", 2L), cpu.fallbacks());
        }
    }

    /** Training is the path that repeats most: none of its ops may run on the scalar loops. */
    @Test
    void trainingOfTheDenoiserUsesKernelsAlone(@TempDir Path folder) throws IOException {
        float[] features = new float[40 * 20];
        Philox.fillNormal(1, 2, 0, features);
        try (CpuBackend cpu = open()) {
            TrainConfig config = TrainConfig.paper(3).withEpochs(1);
            LfdnConfig size = new LfdnConfig(20, 24, 16, 2);
            try (LfdnTrainer trainer = new LfdnTrainer(cpu, size, config, features, "drawn")) {
                assertTrue(trainer.run(folder.resolve("state"), Progress.NONE));
            }
            assertEquals(Map.of(), cpu.fallbacks());
        }
    }

    private static CpuBackend open() {
        return (CpuBackend) Devices.open("cpu", new BackendOptions(128, 1));
    }
}
