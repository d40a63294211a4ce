package org.reverie.device.cpu;

import org.reverie.device.HostBuffer;
import org.reverie.device.Indices;
import org.reverie.tensor.DType;
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

    /** The indices in an I32 or I64 tensor, in row-major order, each refused if it is not in 0 … extent − 1. */
    static int[] indices(String op, Tensor t, int extent) {
        Tensor dense = contiguous(t);
        int[] indices = new int[Math.toIntExact(t.elements())];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = Indices.check(op, index(dense, i), i, extent);
        }
        return indices;
    }

    /** Number {@code i} of a contiguous I32 or I64 tensor. */
    static long index(Tensor t, int i) {
        return t.dtype() == DType.I64 ? Numbers.getLong(address(t) + 8L * i) : Numbers.getInt(address(t) + 4L * i);
    }

    /** Copies elements of any dtype into a tensor of the same shape. */
    static void copy(Tensor from, Tensor to) {
        ((CpuBackend) to.device()).copies().copy(from, to);
    }
}
