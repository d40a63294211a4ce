package org.reverie.device.cuda;

import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** What fast kernels ask of tensors: 16 bytes at once, from places that are multiples of 16 bytes. */
final class FastTensors {
    /** Numbers of 16 bits in 16 bytes. */
    static final int EIGHT = 8;

    private static final int ALIGNMENT = 16;

    private FastTensors() {}

    static boolean isLow(DType d) {
        return d == DType.BF16 || d == DType.F16;
    }

    /** The dtype in the names of kernels. */
    static String label(DType d) {
        return d == DType.BF16 ? "bf16" : "f16";
    }

    /** Contiguous, of this dtype, at a multiple of 16 bytes. */
    static boolean isPlain(Tensor t, DType d) {
        return t.dtype() == d && t.isContiguous() && isAligned(t);
    }

    static boolean isAligned(Tensor t) {
        return CudaLaunch.address(t) % ALIGNMENT == 0;
    }

    /** An optional parameter, in F32 or in d. */
    static boolean isParameter(Tensor t, DType d) {
        return t == null || (isPlain(t, DType.F32) || isPlain(t, d));
    }

    /** An optional addend of the output's dtype: contiguous, or a matrix of such rows, which may be one row repeated. */
    static boolean isAddend(Tensor t, DType d) {
        return t == null || isPlain(t, d) || t.rank() == 2 && hasRows(t, d) && t.stride(0) < 1L << 31;
    }

    /** Whether a tensor's last axis lies together and every other begins at a multiple of 16 bytes. */
    static boolean hasRows(Tensor t, DType d) {
        if (t.dtype() != d || !isAligned(t) || t.stride(-1) != 1) {
            return false;
        }
        for (int a = 0; a < t.rank() - 1; a++) {
            if (t.stride(a) % EIGHT != 0) {
                return false;
            }
        }
        return true;
    }
}
