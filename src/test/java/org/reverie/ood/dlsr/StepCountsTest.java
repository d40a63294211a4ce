package org.reverie.ood.dlsr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.reverie.autograd.Tape;
import org.reverie.device.MemoryStatistics;
import org.reverie.device.cpu.CountingBackend;
import org.reverie.models.Models;
import org.reverie.models.Network;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.op.Random;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * What a step costs, counted instead of timed, so that it is the same on every machine: how many kernels run, how many
 * bytes they move by their declarations, and that nothing new is taken from the system. Who makes a step cheaper lowers
 * these numbers; who makes it dearer finds out here.
 */
final class StepCountsTest {
    private static final int BATCH = 16;
    private static final LfdnConfig SIZE = new LfdnConfig(48, 64, 32, 3);

    @Test
    void aTrainingStepOfTheDenoiser() {
        try (CountingBackend device = new CountingBackend(2);
                Scope model = Scope.open()) {
            Lfdn network = new Lfdn(new Initializer(device, 1), SIZE);
            Tensor features = Random.normal(device, Shape.of(BATCH, SIZE.features()), 1, 0);
            Tensor noise = Random.normal(device, Shape.of(BATCH, SIZE.features()), 1, 1);
            Tensor times = Tensor.from(device, HostTensor.of(Shape.of(BATCH), new int[BATCH]));
            Tensor signal = Schedules.dlsr().sqrtAlphaBar(device);
            Tensor spread = Schedules.dlsr().sqrtOneMinusAlphaBar(device);
            List<Tensor> parameters = network.parameters();
            try (AdamW optimizer = new AdamW(parameters, AdamWConfig.of(1e-3));
                    Ema average = new Ema(parameters, 0.99, false)) {
                Runnable step = () -> {
                    try (Scope scope = Scope.open();
                            Tape tape = Tape.watch(parameters)) {
                        Tensor noisy = DiffusionOps.qSample(features, noise, times, signal, spread);
                        Tensor loss = Losses.mse(network.apply(noisy, times), features);
                        optimizer.step(tape.gradients(loss, parameters));
                        average.update();
                    }
                };
                MemoryStatistics before = counted(device, step);
                assertUnchanged(before, device.memory());
                assertEquals(kernelsOfTraining(parameters.size()), device.calls());
                assertEquals(List.of(), device.strided());
                assertEquals(2_723_504, device.bytes());
                assertTrue(device.workspace() <= 100_000, "workspace of " + device.workspace() + " bytes");
            }
        }
    }

    @Test
    void aForwardPassOfMobileNet() {
        try (CountingBackend device = new CountingBackend(1);
                Scope scope = Scope.open();
                Network network =
                        Models.create("mobilenet_v2_0.35_96", Set.of()).network()) {
            Map<String, HostTensor> weights = new LinkedHashMap<>();
            network.checkpointShapes()
                    .forEach((name, shape) ->
                            weights.put(name, HostTensor.of(shape, new float[(int) shape.elements()])));
            network.load(device, "zeros", weights);
            Tensor images = Random.normal(device, Shape.of(2, 96, 96, 3), 1, 0);
            MemoryStatistics before = counted(device, () -> {
                try (Scope step = Scope.open()) {
                    network.forward(images);
                }
            });
            assertUnchanged(before, device.memory());
            assertEquals(
                    Map.of("conv2d", 70, "depthwise_conv2d", 34, "global_avg_pool", 2, "linear", 2, "concat", 1),
                    device.calls()); // image by image
            assertEquals(List.of(), device.strided());
            assertEquals(22_170_656, device.bytes());
            assertEquals(0, device.workspace());
        }
    }

    /** Every layer once forward; backward two products and a sum for each layer that learns. */
    private static Map<String, Integer> kernelsOfTraining(int parameters) {
        int blocks = SIZE.blocks();
        int layers = 4 + 3 * blocks;
        int norms = 1 + 2 * blocks;
        Map<String, Integer> calls = new TreeMap<>();
        calls.put("timestep_embedding", 1);
        calls.put("q_sample", 1);
        calls.put("linear", layers);
        calls.put("group_norm", norms);
        calls.put("silu", 3);
        calls.put("mse", 1);
        calls.put("full_like", 1); // the seed of the gradients
        calls.put("mse_gradient", 1);
        calls.put("matmul", 2 * layers - 2); // the first layers of features and time have no input gradient
        calls.put("sum", layers);
        calls.put("group_norm_gradient", norms);
        calls.put("silu_gradient", 2);
        calls.put("add", 2 * blocks - 1); // gradients that meet at a block's input and at the time
        calls.put("adamw_step", parameters);
        calls.put("ema_update", parameters);
        return calls;
    }

    /** Runs a step until it is warm, and counts the next ones. The memory as it was between the two. */
    private static MemoryStatistics counted(CountingBackend device, Runnable step) {
        step.run();
        step.run();
        MemoryStatistics before = device.memory();
        device.reset();
        step.run();
        return before;
    }

    private static void assertUnchanged(MemoryStatistics before, MemoryStatistics after) {
        assertEquals(before.allocations(), after.allocations(), "memory was taken from the system");
        assertEquals(before.live(), after.live(), "a step left tensors behind");
    }
}
