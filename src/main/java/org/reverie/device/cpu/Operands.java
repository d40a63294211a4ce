package org.reverie.device.cpu;

import org.reverie.device.HostBuffer;
import org.reverie.tensor.Tensor;

/** Inputs as kernels want them. */
final class Operands {
    private Operands() {}

    static long address(Tensor t) {
        return HostBuffer.address(t);
    }

    /** The address of a tensor that may be left out; 0 if it is. */
    static long addressOrZero(Tensor t) {
        return t == null ? 0 : HostBuffer.address(t);
    }

    /** The tensor itself if its elements lie in row-major order, else a copy in the current scope. */
    static Tensor contiguous(Tensor t) {
        if (t == null || t.isContiguous()) {
            return t;
        }
        Tensor copy = Tensor.empty(t.device(), t.dtype(), t.shape());
        copy(t, copy);
        return copy;
    }

    /** Copies elements of any dtype into a tensor of the same shape. */
    static void copy(Tensor from, Tensor to) {
        ((CpuBackend) to.device()).copies().copy(from, to);
    }
}
