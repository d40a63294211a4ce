package org.reverie.device.kernels;

import java.util.function.UnaryOperator;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Sums in the contract's order (rule 3) and extremes: {@code kernels/common/reduce.h}. */
final class Reducer {
    private static final int LANES = 32;
    private static final int SEGMENT = 4096;

    /** As {@code reduce.h} has them. */
    private static final int COLUMNS = 32;

    private static final int COLUMN_ROWS = 8;

    /** As many as a grid may have groups along its second axis. */
    private static final int MOST_SEGMENTS = 65_535;

    private final KernelQueue queue;

    /** Work items that make a sum. */
    private final int items;

    /** Work items that make the sums of {@link #COLUMNS} columns. */
    private final int columnItems;

    Reducer(KernelQueue queue) {
        this.queue = queue;
        this.items = queue.summers();
        this.columnItems = items == 1 ? 1 : COLUMNS * COLUMN_ROWS;
    }

    /** The sums of groups; divided by {@code divisor} at the end unless that is null. */
    void sum(Tensor x, Groups groups, Float divisor, Tensor out) {
        if (byColumns(groups)) {
            columns("column_elements", groups, divisor, out, l -> l.memory(x));
            return;
        }
        UnaryOperator<Launch> arguments = l -> l.memory(x).places(groups.kept()).view(groups.along());
        sum("sum_elements", groups.count(), groups.each(), divisor, out, arguments);
    }

    /**
     * Sums of what a kernel makes of the elements.
     *
     * @param arguments those that the kernel takes beside the common ones
     */
    void sum(String kernel, int count, int each, Float divisor, Tensor out, UnaryOperator<Launch> arguments) {
        int segments = Math.max(1, Math.ceilDiv(each, SEGMENT));
        if (segments == 1) {
            arguments.apply(common(kernel, out, each, 1, divisor)).groups(count, items);
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor partial = Tensor.empty(out.device(), DType.F32, Shape.of(count, segments));
            arguments.apply(common(kernel, partial, each, segments, null)).groups((long) count * segments, items);
            sum(partial, Groups.rows(partial), divisor, out);
        }
    }

    private Launch common(String kernel, Tensor out, int each, int segments, Float divisor) {
        return queue.launch("reduce", kernel)
                .dense(out)
                .i(each)
                .i(segments)
                .flag(divisor != null)
                .f(divisor == null ? 1 : divisor);
    }

    /** Σ / n of each group. */
    void mean(Tensor x, Groups groups, Tensor out) {
        sum(x, groups, (float) groups.each(), out);
    }

    private boolean byColumns(Groups groups) {
        return groups.areColumns()
                && groups.each() <= (long) SEGMENT * MOST_SEGMENTS
                && columnItems <= queue.largestGroup();
    }

    /** Sums down columns, of which each group takes {@link #COLUMNS}. */
    private void columns(String kernel, Groups groups, Float divisor, Tensor out, UnaryOperator<Launch> arguments) {
        int segments = Math.ceilDiv(groups.each(), SEGMENT);
        try (Scope scope = Scope.open()) {
            boolean whole = segments == 1;
            Tensor sums = whole ? out : Tensor.empty(out.device(), DType.F32, Shape.of(groups.count(), segments));
            Launch launch = common(kernel, sums, groups.each(), segments, whole ? divisor : null)
                    .i(groups.count())
                    .i(groups.kept().offset())
                    .i(groups.along().step());
            arguments.apply(launch).groups(Math.ceilDiv(groups.count(), COLUMNS), segments, 1, columnItems);
            if (!whole) {
                sum(sums, Groups.rows(sums), divisor, out);
            }
        }
    }

    /** Σ (x − mean)² / divisor of each group. */
    void squares(Tensor x, Groups groups, Tensor mean, float divisor, Tensor out) {
        if (byColumns(groups)) {
            columns("column_squares", groups, divisor, out, l -> l.memory(x).dense(mean));
            return;
        }
        sum(
                "sum_squares",
                groups.count(),
                groups.each(),
                divisor,
                out,
                l -> l.memory(x).places(groups.kept()).view(groups.along()).dense(mean));
    }

    /** Σ a·b of each group of two tensors that lie alike from the start of their memory. */
    void products(Tensor a, Tensor b, Groups groups, Float divisor, Tensor out) {
        if (byColumns(groups)) {
            columns("column_products", groups, divisor, out, l -> l.memory(a).memory(b));
            return;
        }
        sum(
                "sum_products",
                groups.count(),
                groups.each(),
                divisor,
                out,
                l -> l.memory(a).memory(b).places(groups.kept()).view(groups.along()));
    }

    /** The largest, or the smallest, of each group, which is not empty. */
    void extreme(Tensor x, Groups groups, boolean least, Tensor out) {
        queue.launch("reduce", "extreme_value")
                .dense(out)
                .i(groups.each())
                .flag(least)
                .memory(x)
                .places(groups.kept())
                .view(groups.along())
                .groups(groups.count(), LANES);
    }

    /** Where in each group the extreme is, as I32. */
    void place(Tensor x, Groups groups, boolean least, Tensor out) {
        queue.launch("reduce", "extreme_index")
                .dense(out)
                .i(groups.each())
                .flag(least)
                .memory(x)
                .places(groups.kept())
                .view(groups.along())
                .groups(groups.count(), LANES);
    }

    /** Puts g of each group of x at the place of its extreme in dx, which is zero elsewhere. */
    void scatter(Tensor x, Groups groups, boolean least, Tensor g, Tensor dx, Groups places) {
        queue.launch("reduce", "extreme_gradient")
                .memory(dx)
                .places(places.kept())
                .view(places.along())
                .i(groups.each())
                .flag(least)
                .memory(x)
                .places(groups.kept())
                .view(groups.along())
                .view(g)
                .groups(groups.count(), LANES);
    }
}
