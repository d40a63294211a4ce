package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.reverie.device.KernelCall;
import org.reverie.device.kernels.UpdateBindings;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** AdamW, and the check of its gradients, for many tensors in one launch: {@code kernels/cuda/update.cu}. */
final class CudaUpdates {
    private static final String FAMILY = "update";

    /** Threads of a block, and the elements that they take. */
    private static final int THREADS = 256;

    private static final int ELEMENTS = 8 * THREADS;

    private final CudaQueue queue;

    CudaUpdates(CudaQueue queue) {
        this.queue = queue;
    }

    /** The list of tensors that a kernel walks along: structs TensorEntry, each six numbers of 64 bits. */
    private static final class Entries {
        private static final int WORDS = 6;

        private final long[] words;
        private int count;
        private long blocks;

        Entries(int most) {
            words = new long[WORDS * most];
        }

        /** Tensors of a parameter, contiguous and of one size; what the kernel does not use may be null. */
        void add(Tensor param, Tensor first, Tensor second, Tensor gradient) {
            long elements = gradient.elements();
            if (elements == 0) {
                return;
            }
            int at = WORDS * count++;
            words[at] = param == null ? 0 : CudaLaunch.address(param);
            words[at + 1] = first == null ? 0 : CudaLaunch.address(first);
            words[at + 2] = second == null ? 0 : CudaLaunch.address(second);
            words[at + 3] = CudaLaunch.address(gradient);
            words[at + 4] = elements;
            words[at + 5] = blocks;
            blocks += Math.ceilDiv(elements, ELEMENTS);
        }

        Tensor on(Device device) {
            return Tensor.from(device, HostTensor.of(Shape.of(WORDS * count), Arrays.copyOf(words, WORDS * count)));
        }
    }

    /** Computes {@code all_finite} of many tensors; false, with nothing done, for other calls. */
    boolean run(KernelCall call) {
        if (!call.op().equals("all_finite")
                || call.inputs().length < 2
                || !Arrays.stream(call.inputs()).allMatch(Tensor::isContiguous)) {
            return false;
        }
        Tensor flag = call.out(0);
        queue.upload(MemorySegment.ofArray(new int[] {1}), flag.buffer(), flag.offset() * Integer.BYTES);
        Entries entries = new Entries(call.inputs().length);
        for (Tensor t : call.inputs()) {
            entries.add(null, null, null, t);
        }
        try (Scope scope = Scope.open()) {
            Tensor list = entries.on(flag.device());
            queue.launch(FAMILY, "finite_tensors")
                    .at(flag)
                    .at(list)
                    .i(entries.count)
                    .groups(entries.blocks, THREADS);
        }
        return true;
    }

    /** Makes steps of AdamW with the same factors, all but those whose gradient is strided; returns what is left to do. */
    List<KernelCall> run(List<KernelCall> calls) {
        KernelCall head = calls.getFirst();
        List<KernelCall> rest = new ArrayList<>();
        Entries entries = new Entries(calls.size());
        for (KernelCall c : calls) {
            if (isLike(c, head) && c.in(3).isContiguous()) {
                entries.add(c.out(0), c.out(1), c.out(2), c.in(3));
            } else {
                rest.add(c);
            }
        }
        if (calls.size() - rest.size() < 2) {
            return calls;
        }
        try (Scope scope = Scope.open()) {
            Tensor list = entries.on(head.out(0).device());
            queue.launch(FAMILY, "adamw_tensors")
                    .at(list)
                    .at(UpdateBindings.finite(head))
                    .i(entries.count)
                    .words(UpdateBindings.adamw(head.attributes(AdamWSpec.class)))
                    .groups(entries.blocks, THREADS);
        }
        return rest;
    }

    private static boolean isLike(KernelCall call, KernelCall head) {
        return call.op().equals("adamw_step")
                && call.op().equals(head.op())
                && call.attributes().equals(head.attributes())
                && UpdateBindings.finite(call) == UpdateBindings.finite(head);
    }
}
