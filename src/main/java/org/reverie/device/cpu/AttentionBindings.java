package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Attention: scores by the matrix kernels, a slab at a time, then softmax and values by the attention kernels. */
final class AttentionBindings {
    /** Scores that are held at once. */
    private static final int SLAB = 1 << 21;

    private final AttentionKernels kernels;
    private final MatrixKernels matrix;
    private final FusedKernels fused;

    AttentionBindings(AttentionKernels kernels, MatrixKernels matrix, FusedKernels fused) {
        this.kernels = kernels;
        this.matrix = matrix;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("attention", this::attention);
    }

    private void attention(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor q = Operands.contiguous(call.in(0));
            Tensor k = Operands.contiguous(call.in(1));
            Tensor values = padded(call.in(2));
            Tensor flags = Operands.contiguous(call.in(3));
            AttentionKernels.Mask mask = mask(flags, s.causal());
            int all = q.dim(0) * q.dim(1);
            int lq = q.dim(2);
            int lk = k.dim(2);
            int depth = q.dim(3);
            int queries = Math.max(1, Math.min(lq, SLAB / Math.max(1, lk)));
            int heads = queries < lq ? 1 : Math.max(1, Math.min(all, SLAB / Math.max(1, lq * lk)));
            Tensor scores = Tensor.empty(q.device(), DType.F32, Shape.of(heads, queries, lk));
            long at = Operands.address(scores);
            for (int h = 0; h < all; h += heads) {
                int nh = Math.min(heads, all - h);
                Strided keys = new Strided(Operands.address(k) + 4L * h * lk * depth, depth, 1, (long) lk * depth);
                for (int i = 0; i < lq; i += queries) {
                    int nq = Math.min(queries, lq - i);
                    Strided rows = new Strided(
                            Operands.address(q) + 4L * ((long) h * lq + i) * depth, depth, 1, (long) lq * depth);
                    Strided out = new Strided(at, lk, 1, (long) nq * lk);
                    if (lk > 0) {
                        matrix.gemm(nh, nq, lk, depth, rows, keys.transposed(), out, Epilogue.NONE);
                    }
                    kernels.finish(
                            h,
                            nh,
                            q.dim(1),
                            i,
                            nq,
                            lq,
                            lk,
                            y.dim(3),
                            (float) s.scale(),
                            mask,
                            at,
                            Operands.address(values) + 4L * h * lk * values.dim(3),
                            Operands.address(y) + 4L * h * lq * y.dim(3));
                }
            }
        }
    }

    /** The values with rows of a multiple of {@link AttentionKernels#PADDING} floats. */
    private Tensor padded(Tensor v) {
        int width = Math.ceilDiv(v.dim(3), AttentionKernels.PADDING) * AttentionKernels.PADDING;
        if (width == v.dim(3)) {
            return Operands.contiguous(v);
        }
        Tensor wide = Tensor.empty(v.device(), DType.F32, v.shape().with(3, width));
        fused.fill(wide.elements(), 0f, Operands.address(wide));
        Operands.copy(v, wide.view(v.shape(), wide.strides(), wide.offset()));
        return wide;
    }

    private static AttentionKernels.Mask mask(Tensor flags, boolean causal) {
        if (flags == null) {
            return new AttentionKernels.Mask(0, 0, 0, causal);
        }
        int keys = flags.dim(-1);
        boolean pairs = flags.rank() == 3;
        long batch = flags.dim(0) == 1 ? 0 : (long) keys * (pairs ? flags.dim(1) : 1);
        return new AttentionKernels.Mask(Operands.address(flags), batch, pairs ? keys : 0, causal);
    }
}
