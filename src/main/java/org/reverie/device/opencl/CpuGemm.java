package org.reverie.device.opencl;

import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Contractions by tiles of vectors, for OpenCL devices that are CPUs: {@code kernels/opencl/gemm.cl}. */
final class CpuGemm {
    private static final String FAMILY = "gemm";

    /** Panels of columns in a tile. */
    private static final int PANELS = 4;

    private final ClQueue queue;
    private final int rows;
    private final int columns;

    CpuGemm(ClQueue queue) {
        this.queue = queue;
        this.rows = queue.device().rows();
        this.columns = 2 * queue.device().vector();
    }

    /** The right operand, packed by panels. */
    private Tensor pack(Tensor b, View batches, int count, long step, long col, int depth, int width) {
        int panels = Math.ceilDiv(width, columns);
        Tensor packed = Tensor.empty(b.device(), DType.F32, Shape.of(count, panels, depth, columns));
        queue.launchOwn(FAMILY, "pack_columns")
                .memory(packed)
                .i(packed.elements())
                .memory(b)
                .view(batches)
                .i(step)
                .i(col)
                .i(depth)
                .i(width)
                .i(panels)
                .items(packed.elements());
        return packed;
    }

    void matmul(KernelCall call, MatmulSpec s) {
        Tensor a = call.in(0);
        Tensor b = call.in(1);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        int depth = a.dim(s.transposeA() ? -2 : -1);
        Shape batch = y.shape().without(-1).without(-1);
        int count = Math.toIntExact(batch.elements());
        try (Scope scope = Scope.open()) {
            // One matrix for the whole batch is packed once.
            boolean shared = b.rank() == 2;
            Tensor packed = pack(
                    b,
                    ContractionBindings.matrices(b, shared ? Shape.SCALAR : batch),
                    shared ? 1 : count,
                    b.stride(s.transposeB() ? -1 : -2),
                    b.stride(s.transposeB() ? -2 : -1),
                    depth,
                    y.dim(-1));
            multiply(
                    y,
                    count,
                    y.dim(-2),
                    y.dim(-1),
                    depth,
                    a,
                    ContractionBindings.matrices(a, batch),
                    a.stride(s.transposeA() ? -1 : -2),
                    a.stride(s.transposeA() ? -2 : -1),
                    packed,
                    shared,
                    null,
                    null);
        }
    }

    /** x and the addends are contiguous; the weight may be any view. */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        int depth = weight.dim(1);
        int width = weight.dim(0);
        View first = View.of(Shape.SCALAR, new long[0], weight.offset());
        Tensor packed = pack(weight, first, 1, weight.stride(1), weight.stride(0), depth, width);
        View start = View.of(Shape.SCALAR, new long[0], x.offset());
        int count = Math.toIntExact(y.elements() / width);
        multiply(y, 1, count, width, depth, x, start, depth, 1, packed, true, bias, residual);
        activate(y, activation);
    }

    private void multiply(
            Tensor y,
            int batch,
            int height,
            int width,
            int depth,
            Tensor a,
            View starts,
            long row,
            long step,
            Tensor packed,
            boolean shared,
            Tensor bias,
            Tensor residual) {
        int panels = Math.ceilDiv(width, columns);
        queue.launchOwn(FAMILY, "gemm_matrices")
                .dense(y)
                .i(height)
                .i(width)
                .i(depth)
                .memory(a)
                .view(starts)
                .i(row)
                .i(step)
                .memory(packed)
                .i(panels)
                .i(shared ? 0 : panels)
                .words(addends(bias, residual))
                .dense(bias)
                .dense(residual)
                .groups(Math.ceilDiv(height, rows), Math.ceilDiv(panels, PANELS), batch, 1);
    }

    private static int[] addends(Tensor bias, Tensor residual) {
        return new int[] {bias == null ? 0 : 1, residual == null ? 0 : 1};
    }

    /** The last part of an epilogue, in place. */
    private void activate(Tensor y, Activation activation) {
        if (activation != Activation.NONE) {
            queue.launch("pointwise", "activate_all")
                    .dense(y)
                    .i(y.elements())
                    .i(activation.ordinal())
                    .items(y.elements());
        }
    }
}
