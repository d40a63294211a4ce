package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Attention and its gradient: {@code kernels/common/attention.h}. */
final class AttentionBindings {
    private static final String FAMILY = "attention";
    private static final int KEY_BLOCK = 64;

    private final KernelQueue queue;
    private final Reducer reducer;
    private final ContractionBindings products;
    private final Tiles tiles;

    /** @param tiles the device's own way, where it has one; null for the plain kernels alone */
    AttentionBindings(KernelQueue queue, Reducer reducer, ContractionBindings products, Tiles tiles) {
        this.queue = queue;
        this.reducer = reducer;
        this.products = products;
        this.tiles = tiles;
    }

    void register(Map<String, Binding> table) {
        table.put("attention", this::attend);
        table.put("attention_gradient", this::gradient);
    }

    /** The struct Look of the kernels. */
    private static int[] look(AttentionSpec s, Tensor q, Tensor k, Tensor mask) {
        return new int[] {
            mask == null ? 0 : 1,
            mask != null && mask.rank() == 3 ? 1 : 0,
            mask != null && mask.dim(0) > 1 ? 1 : 0,
            q.dim(1),
            q.dim(2),
            k.dim(2),
            s.causal() ? 1 : 0
        };
    }

    private void attend(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor q = call.in(0);
        Tensor mask = call.in(3);
        int[] look = look(s, q, call.in(1), mask);
        if (tiles != null && tiles.attend(s, look, q, call.in(1), call.in(2), mask, call.out(0))) {
            return;
        }
        queue.launch(FAMILY, "attend")
                .dense(call.out(0))
                .view(q)
                .view(call.in(1))
                .view(call.in(2))
                .view(mask)
                .words(look)
                .i(q.dim(3))
                .i(call.in(2).dim(3))
                .f(s.scale())
                .groups((long) q.dim(0) * q.dim(1) * q.dim(2), KEY_BLOCK);
    }

    /** Through the whole matrices of scores and probabilities, by products and softmax. */
    private void gradient(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor q = call.in(0);
        Tensor k = call.in(1);
        Tensor v = call.in(2);
        Tensor mask = call.in(3);
        Tensor g = call.in(4);
        Shape matrices = q.shape().with(3, k.dim(2));
        int n = Math.toIntExact(matrices.elements());
        if (n == 0) {
            for (Tensor t : call.outputs()) {
                PointwiseBindings.fill(queue, t, 0f);
            }
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor p = Tensor.empty(q.device(), DType.F32, matrices);
            products.multiply(q, k, new MatmulSpec(false, true), p);
            probabilities(s, look(s, q, k, mask), mask, p);
            Tensor ds = Tensor.empty(q.device(), DType.F32, matrices);
            products.multiply(g, v, new MatmulSpec(false, true), ds);
            slopes(s, p, ds);
            products.multiply(ds, k, new MatmulSpec(false, false), call.out(0));
            products.multiply(ds, q, new MatmulSpec(true, false), call.out(1));
            products.multiply(p, g, new MatmulSpec(true, false), call.out(2));
        }
    }

    /** Makes probabilities of products of queries and keys. */
    private void probabilities(AttentionSpec s, int[] look, Tensor mask, Tensor p) {
        Groups rows = Groups.rows(p);
        Tensor top = numbers(p, rows.count());
        Tensor sum = numbers(p, rows.count());
        queue.launch(FAMILY, "attention_scores")
                .memory(p)
                .i(p.elements())
                .view(mask)
                .words(look)
                .f(s.scale())
                .items(p.elements());
        ReduceBindings.exponentials(reducer, p, rows, top, sum);
        queue.launch(FAMILY, "attention_probabilities")
                .memory(p)
                .i(p.elements())
                .view(mask)
                .words(look)
                .memory(top)
                .memory(sum)
                .items(p.elements());
    }

    /** Makes slopes of the scores of those of the probabilities. */
    private void slopes(AttentionSpec s, Tensor p, Tensor dp) {
        Groups rows = Groups.rows(p);
        Tensor along = numbers(p, rows.count());
        reducer.products(dp, p, rows, null, along);
        queue.launch(FAMILY, "attention_slopes")
                .memory(dp)
                .i(dp.elements())
                .i(rows.each())
                .memory(p)
                .memory(along)
                .f(s.scale())
                .items(dp.elements());
    }

    private static Tensor numbers(Tensor like, int count) {
        return Tensor.empty(like.device(), DType.F32, Shape.of(count));
    }
}
