package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.CrossEntropySpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Losses and their gradients: {@code kernels/common/reduce.h}. */
final class LossBindings {
    private final KernelQueue queue;
    private final Reducer reducer;
    private final IndexChecks checks;

    LossBindings(KernelQueue queue, Reducer reducer, IndexChecks checks) {
        this.queue = queue;
        this.reducer = reducer;
        this.checks = checks;
    }

    void register(Map<String, Binding> table) {
        table.put("mse", call -> pair(call, "sum_square_errors"));
        table.put("bce_with_logits", call -> pair(call, "sum_cross_entropies"));
        table.put("mse_gradient", call -> slopes(call, 2, false));
        table.put("bce_with_logits_gradient", call -> slopes(call, 1, true));
        table.put("cross_entropy", this::crossEntropy);
        table.put("cross_entropy_gradient", this::crossEntropyGradient);
    }

    private void pair(KernelCall call, String kernel) {
        int n = Math.toIntExact(call.in(0).elements());
        reducer.sum(
                kernel, 1, n, (float) n, call.out(0), l -> l.view(call.in(0)).view(call.in(1)));
    }

    private void slopes(KernelCall call, int factor, boolean logits) {
        Tensor y = call.out(0);
        queue.launch("reduce", "pair_slopes")
                .dense(y)
                .i(y.elements())
                .view(call.in(0))
                .view(call.in(1))
                .view(call.in(2))
                .f(factor)
                .flag(logits)
                .items(y.elements());
    }

    private static Tensor numbers(Tensor like, int count) {
        return Tensor.empty(like.device(), DType.F32, Shape.of(count));
    }

    private static Launch labels(Launch launch, Tensor labels) {
        return launch.memory(labels).flag(labels.dtype() == DType.I64).view(View.of(labels));
    }

    private void crossEntropy(KernelCall call) {
        CrossEntropySpec s = call.attributes(CrossEntropySpec.class);
        Tensor x = call.in(0);
        int rows = x.dim(0);
        int classes = x.dim(1);
        boolean smooth = s.smoothing() != 0;
        checks.check(call.op(), call.in(1), classes);
        try (Scope scope = Scope.open()) {
            Groups groups = Groups.rows(x);
            Tensor top = numbers(x, rows);
            Tensor sum = numbers(x, rows);
            Tensor all = smooth ? numbers(x, rows) : null;
            Tensor each = numbers(x, rows);
            ReduceBindings.exponentials(reducer, x, groups, top, sum);
            if (smooth) {
                reducer.sum(
                        "sum_shifted",
                        rows,
                        classes,
                        null,
                        all,
                        l -> l.memory(x)
                                .places(groups.kept())
                                .view(groups.along())
                                .dense(top));
            }
            Launch launch = queue.launch("reduce", "cross_entropy_rows")
                    .dense(each)
                    .i(rows)
                    .i(classes)
                    .view(x);
            labels(launch, call.in(1))
                    .dense(top)
                    .dense(sum)
                    .dense(all)
                    .flag(smooth)
                    .f(s.sharp())
                    .f(s.share(classes))
                    .items(rows);
            reducer.mean(each, Groups.rows(each), call.out(0));
        }
    }

    private void crossEntropyGradient(KernelCall call) {
        CrossEntropySpec s = call.attributes(CrossEntropySpec.class);
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        int rows = x.dim(0);
        int classes = x.dim(1);
        checks.check(call.op(), call.in(1), classes);
        try (Scope scope = Scope.open()) {
            Tensor top = numbers(x, rows);
            Tensor sum = numbers(x, rows);
            ReduceBindings.exponentials(reducer, x, Groups.rows(x), top, sum);
            Launch launch = queue.launch("reduce", "cross_entropy_slopes")
                    .dense(y)
                    .i(y.elements())
                    .i(rows)
                    .i(classes)
                    .view(x);
            labels(launch, call.in(1))
                    .view(call.in(2))
                    .dense(top)
                    .dense(sum)
                    .f(s.sharp() + s.share(classes))
                    .f(s.share(classes))
                    .items(y.elements());
        }
    }
}
