package org.reverie.device.cpu;

import org.reverie.device.BackendOptions;
import org.reverie.device.KernelCall;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The CPU backend posing as one with kernels of its own for every op in low precision. They widen and round what they are given. */
public final class NativeLowBackend extends CpuBackend {
    private int lowCalls;

    public NativeLowBackend() {
        super(new BackendOptions(0, 1), null);
    }

    @Override
    public boolean isNative(String op, DType low) {
        return true;
    }

    /** How many calls had a low input. */
    public int lowCalls() {
        return lowCalls;
    }

    @Override
    public void run(KernelCall call) {
        boolean low = java.util.Arrays.stream(call.inputs())
                .anyMatch(t -> t != null && t.dtype().isLow());
        if (!low || call.op().equals("cast")) {
            super.run(call);
            return;
        }
        lowCalls++;
        try (Scope scope = Scope.open()) {
            Tensor[] in = call.inputs().clone();
            for (int i = 0; i < in.length; i++) {
                in[i] = in[i] != null && in[i].dtype().isLow()
                        ? Tensor.from(this, in[i].toHost().as(DType.F32))
                        : in[i];
            }
            Tensor[] out = call.outputs().clone();
            for (int i = 0; i < out.length; i++) {
                out[i] = out[i].dtype().isLow() ? Tensor.empty(this, DType.F32, out[i].shape()) : out[i];
            }
            super.run(new KernelCall(call.op(), call.attributes(), in, out));
            for (int i = 0; i < out.length; i++) {
                Tensor target = call.out(i);
                if (out[i] != target) {
                    upload(out[i].toHost().as(target.dtype()).data(), target.buffer(), 2 * target.offset());
                }
            }
        }
    }
}
