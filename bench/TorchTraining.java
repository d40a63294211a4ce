package org.reverie.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * A training step in LibTorch: a script for the loss, autograd, the fused AdamW over all parameters, and their moving
 * averages as one operator.
 */
final class TorchTraining implements Rival {
    private static final String ARGUMENT = "x[]"; // DJL puts all arrays of such a name into one list

    private final TorchUpdates updates = new TorchUpdates();
    private final Arena arena = Arena.ofConfined();
    private final PtSymbolBlock module;
    private final NDList inputs = new NDList();
    private final List<PtNDArray> parameters;
    private final List<PtNDArray> averages;
    private final PtNDArray step;
    private final AdamWSpec spec;
    private final double averageRate;
    private final int[] checked;
    private final MemorySegment[] lists;

    /**
     * @param constants {@code x[0]}, {@code x[1]}, … of the script; the parameters follow, as the list {@code p}
     * @param loss statements that define {@code loss}
     * @param averageRate the part of the way that averages move at each step
     * @param checked parameters whose gradients are results
     */
    TorchTraining(
            LibTorch engine,
            List<HostTensor> constants,
            List<HostTensor> initial,
            String loss,
            AdamWSpec spec,
            double averageRate,
            int... checked) {
        this.spec = spec;
        this.averageRate = averageRate;
        this.checked = checked;
        int first = constants.size();
        module = engine.module(LibTorch.method(
                "forward", "p = torch.slice(x, " + first + ", " + (first + initial.size()) + ", 1)\n" + loss + """
                    found = torch.grad([loss], p, None, None, False, False)
                    y = [torch.detach(loss)]
                    for i in range(torch.len(found)):
                      _0 = torch.append(y, unchecked_cast(Tensor, found[i]))
                    return y
                    """));
        constants.forEach(t -> inputs.add(engine.tensor(t)));
        parameters = initial.stream().map(engine::tensor).toList();
        averages = initial.stream().map(engine::tensor).toList();
        List<PtNDArray> moments = new ArrayList<>();
        for (int i = 0; i < 2 * parameters.size(); i++) {
            moments.add((PtNDArray) parameters.get(i % parameters.size()).zerosLike());
        }
        for (PtNDArray p : parameters) {
            JniUtils.attachGradient(p, true);
            inputs.add(p);
        }
        inputs.forEach(t -> t.setName(ARGUMENT));
        step = engine.tensor(HostTensor.of(Shape.of(), 0f));
        int n = parameters.size();
        lists = new MemorySegment[] {
            TorchUpdates.list(parameters, arena),
            TorchUpdates.list(moments.subList(0, n), arena),
            TorchUpdates.list(moments.subList(n, 2 * n), arena),
            TorchUpdates.list(Collections.nCopies(n, step), arena),
            TorchUpdates.list(averages, arena)
        };
    }

    /** The loss and all gradients; then everything is updated. */
    private NDList step() {
        JniUtils.setGradMode(true);
        NDList result = IValueUtils.forward(module, inputs, true);
        JniUtils.setGradMode(false);
        step.addi(1);
        try (Arena call = Arena.ofConfined()) {
            MemorySegment gradients = TorchUpdates.list(result.subList(1, result.size()), call);
            updates.adamw(lists[0], gradients, lists[1], lists[2], lists[3], spec);
        }
        updates.lerp(lists[4], lists[0], averageRate);
        return result;
    }

    @Override
    public void run() {
        step().close();
    }

    @Override
    public List<HostTensor> results() {
        try (NDList found = step()) {
            List<HostTensor> results = new ArrayList<>();
            results.add(LibTorch.host(found.get(0)));
            for (int i : checked) {
                results.add(LibTorch.host(found.get(1 + i)));
                results.add(LibTorch.host(averages.get(i)));
            }
            return results;
        }
    }

    @Override
    public void close() {
        inputs.close();
        averages.forEach(NDArray::close);
        module.close();
        arena.close();
        updates.close();
    }
}
