package org.reverie.device.opencl;

import java.util.function.Supplier;
import org.reverie.device.kernels.View;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Right operands for {@code kernels/opencl/rows.h}: panels of two vectors of columns, whose rows lie one behind the other. */
final class CpuPanels {
    private final ClQueue queue;
    private final Supplier<CpuTile> choice;
    private final int columns;

    CpuPanels(ClQueue queue, Supplier<CpuTile> choice) {
        this.queue = queue;
        this.choice = choice;
        this.columns = 2 * queue.device().vector();
    }

    /** How many panels so many columns are. */
    int across(int width) {
        return Math.ceilDiv(width, columns);
    }

    /**
     * The right operand, packed by panels.
     *
     * @param starts where the matrices of the batch begin in b's memory
     * @param steps where row k lies from there
     * @param col from column to column
     */
    Tensor pack(Tensor b, View starts, int count, View steps, long col, int depth, int width) {
        int panels = across(width);
        Tensor packed = Tensor.empty(b.device(), DType.F32, Shape.of(count, panels, depth, columns));
        long panelRows = (long) count * panels * depth;
        queue.launchOwn("gemm", "pack_columns", choice.get().definitions(queue.device()))
                .memory(packed)
                .i(panelRows)
                .memory(b)
                .places(starts)
                .places(steps)
                .i(col)
                .i(depth)
                .i(width)
                .i(panels)
                .items(panelRows);
        return packed;
    }
}
