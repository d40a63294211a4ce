package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.op.Engine;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.Sample;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What can be known of the compiled kernels without a GPU: that they are there, and that every launch fits its kernel. */
final class CudaLaunchesTest {
    /** Three ops never reach a device: no number moves. */
    private static final Set<String> VIEWS = Set.of("permute", "expand", "slice");

    private static final int PTX = 1;
    private static final int MACHINE_CODE = 2;

    private static void needsKernels() {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
    }

    /** Every sample of an op starts kernels that are in the fatbins, with parameters of the sizes that they declare. */
    @TestFactory
    Stream<DynamicTest> everyLaunchFits() {
        needsKernels();
        return Ops.all().stream().map(op -> dynamicTest(op.name(), () -> launches(op)));
    }

    private static void launches(Op<?> op) throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE);
                Scope scope = Scope.open()) {
            if (VIEWS.contains(op.name())) {
                assertEquals("none", device.explain(op.name()));
                return;
            }
            for (Sample s : op.samples()) {
                run(op, s, device);
            }
            assertTrue(!driver.started.isEmpty(), "no kernel was started");
        }
        assertEquals(0, driver.held());
    }

    private static void run(Op<?> op, Sample s, CudaBackend device) {
        Tensor[] in = new Tensor[s.inputs().length];
        for (int i = 0; i < in.length; i++) {
            in[i] = s.inputs()[i] == null ? null : s.inputs()[i].make(device, 1000 + i);
        }
        if (op.isInPlace()) {
            Engine.update(op, s.attributes(), in);
        } else if (in.length == 0) {
            Engine.create(op, s.attributes(), device);
        } else {
            Engine.runAll(op, s.attributes(), in);
        }
    }

    /** All parameters of a group, whose gradients lie together, are one launch; the check of a scaled step is another. */
    @Test
    void aStepOfAdamWIsOneLaunch() throws CudaMissingException {
        needsKernels();
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE);
                Scope scope = Scope.open()) {
            List<Tensor> params = new ArrayList<>();
            for (int n : new int[] {5000, 3, 70}) {
                params.add(Tensor.empty(device, DType.F32, Shape.of(n)));
            }
            try (AdamW adam = new AdamW(params, AdamWConfig.of(1e-3))) {
                driver.started.clear();
                adam.step(params);
                assertEquals(
                        List.of("adamw_tensors"),
                        driver.started.stream()
                                .map(StandInDriver.Started::kernel)
                                .toList());
                driver.started.clear();
                adam.step(params, 1e-3, 2);
                assertEquals(
                        List.of("finite_tensors", "adamw_tensors"),
                        driver.started.stream()
                                .map(StandInDriver.Started::kernel)
                                .toList());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attention",
                "contraction",
                "fast_attention",
                "fast_attention_hopper",
                "fast_channels",
                "fast_conv",
                "fast_conv_hopper",
                "fast_depthwise",
                "fast_gemm",
                "fast_gemm_hopper",
                "fast_norm",
                "indexing",
                "norm",
                "numbers",
                "pointwise",
                "pool",
                "random",
                "reduce",
                "select",
                "tiles",
                "update"
            })
    void everyFamilyIsThereForAllCards(String family) {
        needsKernels();
        byte[] fatbin = Fatbins.of(family);
        assertEquals(Set.of("sm_80", "sm_90", "PTX 80"), parts(ByteBuffer.wrap(fatbin)));
        assertTrue(!StandInDriver.kernels(fatbin).isEmpty());
    }

    /** The parts of a fatbin: a header with its own size, then entries of kind, size of header, size of text and architecture. */
    private static Set<String> parts(ByteBuffer fatbin) {
        fatbin.order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0xba55ed50, fatbin.getInt(0));
        Set<String> found = new TreeSet<>();
        int at = fatbin.getShort(6);
        int end = at + (int) fatbin.getLong(8);
        while (at < end) {
            int kind = fatbin.getShort(at);
            assertTrue(kind == PTX || kind == MACHINE_CODE, "an entry of the kind " + kind);
            found.add((kind == PTX ? "PTX " : "sm_") + fatbin.getInt(at + 28));
            at += fatbin.getInt(at + 4) + (int) fatbin.getLong(at + 8);
        }
        return found;
    }
}
