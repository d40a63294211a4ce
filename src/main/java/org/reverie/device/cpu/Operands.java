package org.reverie.device.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.reverie.device.HostBuffer;
import org.reverie.tensor.Tensor;

/** Inputs as kernels want them. */
final class Operands {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

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

    /** Copies elements of any dtype into a contiguous tensor of the same shape. */
    static void copy(Tensor from, Tensor to) {
        if (from.elements() == 0) {
            return;
        }
        int size = from.dtype().bytes();
        if (from.isContiguous()) {
            MemorySegment.copy(MEMORY, address(from), MEMORY, address(to), from.elements() * size);
            return;
        }
        int rank = from.rank();
        int inner = from.dim(-1);
        long step = from.stride(-1) * size;
        int[] index = new int[rank];
        long source = address(from);
        long target = address(to);
        long rows = from.elements() / inner;
        for (long r = 0; r < rows; r++) {
            copyRow(source, step, target, inner, size);
            target += (long) inner * size;
            for (int a = rank - 2; a >= 0; a--) {
                source += from.stride(a) * size;
                if (++index[a] < from.dim(a)) {
                    break;
                }
                source -= from.stride(a) * size * from.dim(a);
                index[a] = 0;
            }
        }
    }

    private static void copyRow(long source, long step, long target, int n, int size) {
        if (step == size) {
            MemorySegment.copy(MEMORY, source, MEMORY, target, (long) n * size);
        } else if (size == 4) {
            for (int i = 0; i < n; i++) {
                MEMORY.set(
                        ValueLayout.JAVA_INT_UNALIGNED,
                        target + 4L * i,
                        MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, source + i * step));
            }
        } else {
            for (int i = 0; i < n; i++) {
                MemorySegment.copy(MEMORY, source + i * step, MEMORY, target + (long) i * size, size);
            }
        }
    }
}
