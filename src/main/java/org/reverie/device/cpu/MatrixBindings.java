package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The ops matmul and linear on the matrix kernels. Strided operands need no copy as long as their batch is regular. */
final class MatrixBindings {
    private final MatrixKernels kernels;

    MatrixBindings(MatrixKernels kernels) {
        this.kernels = kernels;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("matmul", this::matmul);
        table.put("linear", this::linear);
    }

    private void matmul(KernelCall call) {
        MatmulSpec s = call.attributes(MatmulSpec.class);
        Tensor out = call.out(0);
        if (out.elements() == 0) {
            return;
        }
        int m = out.dim(-2);
        int n = out.dim(-1);
        int k = call.in(0).dim(s.transposeA() ? -2 : -1);
        long[] batch = new long[out.rank() - 2];
        int count = 1;
        for (int a = 0; a < batch.length; a++) {
            batch[a] = out.dim(a);
            count *= out.dim(a);
        }
        Strided a = batch(call.in(0), count, batch, s.transposeA());
        Strided w = batch(call.in(1), count, batch, s.transposeB());
        Strided c = new Strided(Operands.address(out), n, 1, (long) m * n);
        if (a != null && w != null) {
            kernels.gemm(count, m, n, k, a, w, c, Epilogue.NONE);
            return;
        }
        for (int b = 0; b < count; b++) {
            Strided one = Strided.rows(c.address() + 4 * b * c.batch(), n);
            Strided left = matrix(call.in(0), b, batch, s.transposeA());
            kernels.gemm(1, m, n, k, left, matrix(call.in(1), b, batch, s.transposeB()), one, Epilogue.NONE);
        }
    }

    /** All matrices of a batch as one operand if they lie equally far apart, else null. */
    private static Strided batch(Tensor t, int count, long[] batch, boolean transpose) {
        Strided first = matrix(t, 0, batch, transpose);
        long apart = count > 1 ? matrix(t, 1, batch, transpose).address() - first.address() : 0;
        for (int b = 2; b < count; b++) {
            if (matrix(t, b, batch, transpose).address() != first.address() + b * apart) {
                return null;
            }
        }
        return new Strided(first.address(), first.row(), first.col(), apart / Float.BYTES);
    }

    /** Matrix {@code b} of a batch with the given extents, to which the tensor's leading axes are broadcast. */
    private static Strided matrix(Tensor t, int b, long[] batch, boolean transpose) {
        long at = 0;
        int rest = b;
        for (int a = batch.length - 1; a >= 0; a--) {
            int index = (int) (rest % batch[a]);
            rest /= (int) batch[a];
            int axis = a - batch.length + t.rank() - 2;
            if (axis >= 0 && t.dim(axis) != 1) {
                at += index * t.stride(axis);
            }
        }
        Strided s = new Strided(Operands.address(t) + 4 * at, t.stride(-2), t.stride(-1), 0);
        return transpose ? s.transposed() : s;
    }

    private void linear(KernelCall call) {
        Activation activation = call.attributes(LinearSpec.class).activation();
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = call.in(0).rank() == 2 ? call.in(0) : Operands.contiguous(call.in(0));
            Tensor weight = call.in(1);
            Tensor bias = Operands.contiguous(call.in(2));
            Tensor residual = Operands.contiguous(call.in(3));
            int n = weight.dim(0);
            int k = weight.dim(1);
            int m = (int) (y.elements() / n);
            Strided a = x.rank() == 2
                    ? new Strided(Operands.address(x), x.stride(0), x.stride(1), 0)
                    : Strided.rows(Operands.address(x), k);
            Strided b = new Strided(Operands.address(weight), weight.stride(0), weight.stride(1), 0).transposed();
            Epilogue e = new Epilogue(Operands.addressOrZero(bias), Operands.addressOrZero(residual), n, activation);
            Strided c = Strided.rows(Operands.address(y), n);
            float[] packed = PackedWeights.of(kernels, weight);
            if (packed == null) {
                kernels.gemm(1, m, n, k, a, b, c, e);
            } else {
                kernels.gemmPacked(1, m, n, k, a, packed, c, e);
            }
        }
    }
}
