package org.reverie.device.kernels;

import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.device.spec.VarianceSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Sums, means, variances, extremes and the softmax. */
final class ReduceBindings {
    private final KernelQueue queue;
    private final Reducer reducer;

    ReduceBindings(KernelQueue queue, Reducer reducer) {
        this.queue = queue;
        this.reducer = reducer;
    }

    void register(Map<String, Binding> table) {
        table.put("sum", call -> reducer.sum(call.in(0), groups(call), null, call.out(0)));
        table.put("mean", call -> reducer.mean(call.in(0), groups(call), call.out(0)));
        table.put("variance", this::variance);
        table.put("max", call -> reducer.extreme(call.in(0), groups(call), false, call.out(0)));
        table.put("min", call -> reducer.extreme(call.in(0), groups(call), true, call.out(0)));
        table.put("max_gradient", call -> scatter(call, false));
        table.put("min_gradient", call -> scatter(call, true));
        table.put("argmax", call -> place(call, false));
        table.put("argmin", call -> place(call, true));
        table.put("softmax", call -> softmax(call, false));
        table.put("log_softmax", call -> softmax(call, true));
        table.put("global_avg_pool", this::globalAverage);
    }

    private static Groups groups(KernelCall call) {
        return Groups.of(call.in(0), call.attributes(ReduceSpec.class).axes());
    }

    private void variance(KernelCall call) {
        VarianceSpec s = call.attributes(VarianceSpec.class);
        Groups groups = Groups.of(call.in(0), s.axes());
        try (Scope scope = Scope.open()) {
            Tensor mean = numbers(call.out(0), groups.count());
            reducer.mean(call.in(0), groups, mean);
            reducer.squares(call.in(0), groups, mean, groups.each() - s.correction(), call.out(0));
        }
    }

    /** Room for intermediate numbers on the device of another tensor. */
    private static Tensor numbers(Tensor like, int count) {
        return Tensor.empty(like.device(), DType.F32, Shape.of(count));
    }

    private void scatter(KernelCall call, boolean least) {
        Tensor dx = call.out(0);
        PointwiseBindings.fill(queue, dx, 0f);
        Groups places = Groups.of(dx, call.attributes(ReduceSpec.class).axes());
        reducer.scatter(call.in(0), groups(call), least, call.in(1), dx, places);
    }

    private void place(KernelCall call, boolean least) {
        int axis = call.attributes(AxisSpec.class).axis();
        reducer.place(call.in(0), Groups.of(call.in(0), List.of(axis)), least, call.out(0));
    }

    private void softmax(KernelCall call, boolean logarithm) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Groups rows = Groups.rows(x);
            Tensor top = numbers(y, rows.count());
            Tensor sum = numbers(y, rows.count());
            exponentials(reducer, x, rows, top, sum);
            queue.launch("reduce", "softmax_finish")
                    .dense(y)
                    .i(y.elements())
                    .i(rows.each())
                    .view(x)
                    .dense(top)
                    .dense(sum)
                    .flag(logarithm)
                    .items(y.elements());
        }
    }

    /** The largest of each row, and the sum of the exponentials of what its elements are less than that. */
    static void exponentials(Reducer reducer, Tensor x, Groups rows, Tensor top, Tensor sum) {
        reducer.extreme(x, rows, false, top);
        reducer.sum(
                "sum_exponentials",
                rows.count(),
                rows.each(),
                null,
                sum,
                l -> l.memory(x).places(rows.kept()).view(rows.along()).dense(top));
    }

    private void globalAverage(KernelCall call) {
        reducer.mean(call.in(0), Groups.of(call.in(0), List.of(1, 2)), call.out(0));
    }
}
