package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.BatchNormSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Normalisations and their gradients: {@code kernels/common/norm.h}, with the sums of {@code reduce.h}. */
final class NormBindings {
    private final KernelQueue queue;
    private final Reducer reducer;
    private final Tiles tiles;

    /** @param tiles the device's own way, where it has one; null for the plain kernels alone */
    NormBindings(KernelQueue queue, Reducer reducer, Tiles tiles) {
        this.queue = queue;
        this.reducer = reducer;
        this.tiles = tiles;
    }

    void register(Map<String, Binding> table) {
        table.put("batch_norm", this::batchNorm);
        table.put("batch_norm_train", this::batchNormTrain);
        table.put("layer_norm", call -> own(call, NormLayout.layer(call.in(0), call.attributes(LayerNormSpec.class))));
        table.put("group_norm", call -> own(call, NormLayout.group(call.in(0), call.attributes(GroupNormSpec.class))));
        table.put("batch_norm_gradient", this::batchGradient);
        table.put(
                "layer_norm_gradient",
                call -> ownGradient(call, NormLayout.layer(call.in(0), call.attributes(LayerNormSpec.class))));
        table.put(
                "group_norm_gradient",
                call -> ownGradient(call, NormLayout.group(call.in(0), call.attributes(GroupNormSpec.class))));
    }

    private Tensor dense(Tensor t) {
        return ShapingBindings.contiguous(queue, t);
    }

    private static Tensor like(Tensor t, long count) {
        return Tensor.empty(t.device(), DType.F32, Shape.of(Math.toIntExact(count)));
    }

    private void statistics(NormLayout l, Tensor x, Tensor mean, Tensor variance) {
        Groups groups = l.statistics(x);
        reducer.mean(x, groups, mean);
        reducer.squares(x, groups, mean, groups.each(), variance);
    }

    private void normalize(NormLayout l, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, Tensor y) {
        queue.launch("norm", "apply_norm")
                .dense(y)
                .i(y.elements())
                .words(l.words(weight, bias))
                .dense(x)
                .dense(weight)
                .dense(bias)
                .dense(mean)
                .dense(variance)
                .items(y.elements());
    }

    private void batchNorm(KernelCall call) {
        NormLayout l = NormLayout.batch(call.in(0), call.attributes(BatchNormSpec.class));
        try (Scope scope = Scope.open()) {
            normalize(
                    l,
                    dense(call.in(0)),
                    dense(call.in(1)),
                    dense(call.in(2)),
                    dense(call.in(3)),
                    dense(call.in(4)),
                    call.out(0));
        }
    }

    private void batchNormTrain(KernelCall call) {
        NormLayout l = NormLayout.batch(call.in(0), call.attributes(BatchNormSpec.class));
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            statistics(l, x, call.out(1), call.out(2));
            normalize(l, x, dense(call.in(1)), dense(call.in(2)), call.out(1), call.out(2), call.out(0));
        }
    }

    /** With the statistics of x itself. */
    private void own(KernelCall call, NormLayout l) {
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            Tensor weight = dense(call.in(1));
            Tensor bias = dense(call.in(2));
            if (tiles != null && tiles.normalize(l, x, weight, bias, call.out(0))) {
                return;
            }
            Tensor mean = like(x, l.means());
            Tensor variance = like(x, l.means());
            statistics(l, x, mean, variance);
            normalize(l, x, weight, bias, mean, variance, call.out(0));
        }
    }

    private void batchGradient(KernelCall call) {
        NormLayout l = NormLayout.batch(call.in(0), call.attributes(BatchNormSpec.class));
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            differentiate(call, l, x, null, dense(call.in(2)), dense(call.in(3)), dense(call.in(4)));
        }
    }

    private void ownGradient(KernelCall call, NormLayout l) {
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            Tensor mean = like(x, l.means());
            Tensor variance = like(x, l.means());
            statistics(l, x, mean, variance);
            differentiate(call, l, x, dense(call.in(2)), mean, variance, dense(call.in(3)));
        }
    }

    private void differentiate(
            KernelCall call, NormLayout l, Tensor x, Tensor bias, Tensor mean, Tensor variance, Tensor g) {
        Tensor weight = dense(call.in(1));
        long n = x.elements();
        Tensor normal = like(x, n);
        Tensor before = like(x, n);
        Tensor weighted = like(x, n);
        queue.launch("norm", "norm_parts")
                .memory(normal)
                .memory(before)
                .memory(weighted)
                .i(n)
                .words(l.words(weight, bias))
                .dense(x)
                .dense(weight)
                .dense(bias)
                .dense(mean)
                .dense(variance)
                .dense(g)
                .items(n);
        Tensor meanH = like(x, l.means());
        Tensor meanHx = like(x, l.means());
        Groups statistics = l.statistics(weighted);
        reducer.mean(weighted, statistics, meanH);
        reducer.products(weighted, normal, statistics, (float) statistics.each(), meanHx);
        queue.launch("norm", "norm_slopes")
                .dense(call.out(0))
                .i(n)
                .words(l.words(weight, bias))
                .memory(normal)
                .memory(weighted)
                .memory(meanH)
                .memory(meanHx)
                .dense(variance)
                .items(n);
        Groups parameters = l.parameters(before);
        reducer.products(before, normal, parameters, null, call.out(1));
        reducer.sum(before, parameters, null, call.out(2));
    }
}
