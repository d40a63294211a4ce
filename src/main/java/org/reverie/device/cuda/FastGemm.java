package org.reverie.device.cuda;

import java.util.function.Consumer;
import org.reverie.device.kernels.View;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Products of matrices of 16-bit numbers: {@code kernels/cuda/fast_gemm.cu}, and by {@link FastHopper} where it can. */
final class FastGemm {
    static final String FAMILY = "fast_gemm";

    private static final int MAX_RANK = 8;

    private final CudaQueue queue;
    private final int units;
    private final FastHopper hopper;

    /** @param hopper null on other cards */
    FastGemm(CudaQueue queue, int units, FastHopper hopper) {
        this.queue = queue;
        this.units = units;
        this.hopper = hopper;
    }

    /**
     * What is multiplied: a batch of rows by depth and columns by depth. An operand that is turned has its lines together instead of
     * its depth. Strides are those of the axis that is not together.
     */
    record Operands(
            Tensor a,
            Tensor b,
            boolean aTurned,
            boolean bTurned,
            long aStride,
            long bStride,
            long aBatch,
            long bBatch,
            int rows,
            int columns,
            int depth,
            int batch) {
        DType dtype() {
            return a.dtype();
        }

        /** a[…, m, k] · b[…, k, n], either turned around first, as the kernels take them; null if they don't. */
        static Operands of(Tensor a, Tensor b, MatmulSpec s, Tensor y) {
            Shape batch = y.shape().without(-1).without(-1);
            int[] left = View.matrices(a, batch).words();
            int[] right = View.matrices(b, batch).words();
            long aRow = a.stride(s.transposeA() ? -1 : -2);
            long aStep = a.stride(s.transposeA() ? -2 : -1);
            long bStep = b.stride(s.transposeB() ? -1 : -2);
            long bColumn = b.stride(s.transposeB() ? -2 : -1);
            boolean aTurned = aStep != 1;
            boolean bTurned = bStep != 1;
            if (left[0] != 1 || right[0] != 1 || aTurned && aRow != 1 || bTurned && bColumn != 1) {
                return null;
            }
            Operands o = new Operands(
                    a,
                    b,
                    aTurned,
                    bTurned,
                    aTurned ? aStep : aRow,
                    bTurned ? bStep : bColumn,
                    batch.elements() == 1 ? 0 : left[2 + MAX_RANK],
                    batch.elements() == 1 ? 0 : right[2 + MAX_RANK],
                    y.dim(-2),
                    y.dim(-1),
                    a.dim(s.transposeA() ? -2 : -1),
                    Math.toIntExact(batch.elements()));
            return o.fits() ? o : null;
        }

        /** x[rows, depth] · weight[columns, depth]ᵀ, x contiguous. */
        static Operands linear(Tensor x, Tensor weight, int rows) {
            boolean turned = weight.stride(1) != 1;
            int depth = weight.dim(1);
            if (turned && weight.stride(0) != 1) {
                return null;
            }
            Operands o = new Operands(
                    x,
                    weight,
                    false,
                    turned,
                    depth,
                    turned ? weight.stride(1) : weight.stride(0),
                    0,
                    0,
                    rows,
                    weight.dim(0),
                    depth,
                    1);
            return o.fits() ? o : null;
        }

        private boolean fits() {
            return FastTensors.isLow(a.dtype())
                    && a.dtype() == b.dtype()
                    && !(aTurned && !bTurned)
                    && FastTensors.isAligned(a)
                    && FastTensors.isAligned(b)
                    && depth > 0
                    && batch <= CudaLaunch.LARGEST_Y
                    && columns % FastTensors.EIGHT == 0
                    && (aTurned ? rows : depth) % FastTensors.EIGHT == 0
                    && (bTurned || depth % FastTensors.EIGHT == 0)
                    && (aStride | bStride | aBatch | bBatch) % FastTensors.EIGHT == 0;
        }
    }

    /** Multiplies, with what follows. Addends may be null. */
    void multiply(Operands o, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        if (hopper != null && hopper.takes(o, y)) {
            hopper.multiply(o, finish, bias, residual, y);
        } else {
            multiply(o, tile(o), finish, bias, residual, y);
        }
    }

    private FastTile tile(Operands o) {
        boolean plain = !o.aTurned() && !o.bTurned();
        return plain && FastTile.LARGE.count(o.rows(), o.columns()) * o.batch() >= 2L * units
                ? FastTile.LARGE
                : FastTile.of(o.rows(), o.columns(), o.batch(), units);
    }

    private void multiply(Operands o, FastTile tile, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        int splits = o.batch() > 1 ? 1 : tile.splits(o.rows(), o.columns(), o.depth(), units);
        multiply(o, tile, splits, finish, bias, residual, y);
    }

    /** With a tile and splits of the caller's choice. */
    void multiply(Operands o, FastTile tile, int splits, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        if (splits > 1) {
            split(
                    queue,
                    o.dtype(),
                    splits,
                    o.rows(),
                    o.columns(),
                    finish,
                    bias,
                    residual,
                    y,
                    parts -> launch(o, tile, splits, FastFinish.sums(), null, null, parts));
        } else {
            launch(o, tile, 1, finish, bias, residual, y);
        }
    }

    private void launch(Operands o, FastTile tile, int splits, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        String kernel = (o.aTurned() ? "gemm_tn_" : o.bTurned() ? "gemm_nn_" : "gemm_nt_") + tile.name() + "_"
                + FastTensors.label(o.dtype());
        queue.launch(FAMILY, kernel)
                .shared(tile.shared())
                .at(y)
                .at(residual)
                .at(bias)
                .at(o.a())
                .at(o.b())
                .words(new int[] {o.rows(), o.columns(), o.depth(), splits})
                .words(finish)
                .l(o.aStride())
                .l(o.bStride())
                .l(o.columns())
                .l(o.aBatch())
                .l(o.bBatch())
                .l((long) o.rows() * o.columns())
                .groups(tile.count(o.rows(), o.columns()), splits, o.batch(), tile.threads());
    }

    /**
     * Partial sums [splits, rows, columns] that are to be added, and what follows. Numbers of the arguments are addresses.
     *
     * @param finish the struct Finish
     */
    record Join(
            CudaQueue queue,
            DType dtype,
            long y,
            long residual,
            long bias,
            long parts,
            int splits,
            int rows,
            int columns,
            int[] finish)
            implements CudaQueue.Postponed {
        private static Join of(
                CudaQueue queue, DType dtype, Tensor y, Tensor residual, Tensor bias, Tensor parts, int[] finish) {
            return new Join(
                    queue,
                    dtype,
                    CudaLaunch.address(y),
                    residual == null ? 0 : CudaLaunch.address(residual),
                    bias == null ? 0 : CudaLaunch.address(bias),
                    CudaLaunch.address(parts),
                    parts.dim(0),
                    parts.dim(1),
                    parts.dim(2),
                    finish);
        }

        /** Whether these are the rows of a tensor of which nothing has been computed yet. */
        boolean makes(Tensor x) {
            return x.dtype() == dtype
                    && CudaLaunch.address(x) == y
                    && x.elements() == (long) rows * columns
                    && x.dim(-1) == columns;
        }

        @Override
        public void start() {
            queue.launch(FAMILY, "add_splits_" + FastTensors.label(dtype))
                    .l(y)
                    .l(residual)
                    .l(bias)
                    .l(columns)
                    .l(parts)
                    .i(splits)
                    .i(rows)
                    .i(columns)
                    .words(finish)
                    .items((long) rows * columns / FastTensors.EIGHT);
        }
    }

    /**
     * Lets partial sums of a rows × columns result be computed into [splits, rows, columns], and adds them in their order, when the next
     * call is made: a norm of the rows adds them on the way.
     *
     * @param dtype of the operands
     */
    static void split(
            CudaQueue queue,
            DType dtype,
            int splits,
            int rows,
            int columns,
            int[] finish,
            Tensor bias,
            Tensor residual,
            Tensor y,
            Consumer<Tensor> compute) {
        try (Scope scope = Scope.open()) {
            Tensor parts = Tensor.empty(y.device(), DType.F32, Shape.of(splits, rows, columns));
            compute.accept(parts);
            queue.postpone(Join.of(queue, dtype, y, residual, bias, parts, finish));
        }
    }
}
