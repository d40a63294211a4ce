package org.reverie.device.opencl;

import java.util.function.Supplier;
import org.reverie.device.kernels.View;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Attention by rows of queries: {@code kernels/opencl/attend.cl}. Heads that are deeper than a chunk, or wider than the kernel's
 * sums, are left to the plain kernel.
 */
final class CpuAttention {
    private static final int WIDEST = 256;

    private final ClQueue queue;
    private final Supplier<CpuTile> choice;
    private final CpuPanels panels;

    CpuAttention(ClQueue queue, Supplier<CpuTile> choice, CpuPanels panels) {
        this.queue = queue;
        this.choice = choice;
        this.panels = panels;
    }

    /** @param look the struct Look of {@code kernels/common/look.h} */
    boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        int keys = k.dim(2);
        int depth = q.dim(3);
        int width = v.dim(3);
        if (y.elements() == 0 || keys == 0 || depth == 0 || depth > Contract.CHUNK || width > WIDEST) {
            return false;
        }
        CpuTile tile = choice.get();
        try (Scope scope = Scope.open()) {
            Tensor packedKeys = pack(k, 3, 2);
            Tensor packedValues = pack(v, 2, 3);
            queue.launchOwn("attend", "attend_rows", tile.definitions(queue.device()))
                    .dense(y)
                    .memory(q)
                    .words(Geometry.strides(q))
                    .memory(packedKeys)
                    .i(panels.across(keys))
                    .memory(packedValues)
                    .i(panels.across(width))
                    .view(mask)
                    .words(look)
                    .i(depth)
                    .i(width)
                    .f(s.scale())
                    .groups(Math.ceilDiv(q.dim(2), tile.rows()), (long) q.dim(0) * q.dim(1), 1, 1);
        }
        return true;
    }

    /** A tensor's heads by panels, rows along one of its axes and columns along another. */
    private Tensor pack(Tensor t, int rows, int columns) {
        View heads = View.of(Shape.of(t.dim(0), t.dim(1)), new long[] {t.stride(0), t.stride(1)}, t.offset());
        View steps = View.of(Shape.of(t.dim(rows)), new long[] {t.stride(rows)}, 0);
        return panels.pack(t, heads, t.dim(0) * t.dim(1), steps, t.stride(columns), t.dim(rows), t.dim(columns));
    }
}
