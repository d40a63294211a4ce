package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.Op.Lowering;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Tensor;

/**
 * Softmax over the last axis and its logarithm: m = the row's maximum (NaN wins), e = exp(x − m), s = Σ e by rule 3. The
 * maximum of a row of −∞ makes NaN, as in other libraries.
 */
public final class Softmax {
    /** e / s. */
    static final Op<NoAttributes> SOFTMAX = rows("softmax", (c, row, n) -> {
                Arithmetic m = c.math();
                double[] e = exponentials(c, row, n);
                double sum = Ordered.sum(m, n, i -> e[i]);
                for (int i = 0; i < n; i++) {
                    c.out(0)[row + i] = m.div(e[i], sum);
                }
            })
            .gradient(c -> {
                Tensor along = Reductions.sumKeepDims(Pointwise.mul(c.g(), c.out(0)), -1);
                return new Tensor[] {Pointwise.mul(c.out(0), Pointwise.sub(c.g(), along))};
            });

    /** (x − m) − log s. */
    static final Op<NoAttributes> LOG_SOFTMAX = rows("log_softmax", (c, row, n) -> {
                Arithmetic m = c.math();
                double max = maximum(c.in(0), row, n);
                double[] e = exponentials(c, row, n);
                double log = m.log(Ordered.sum(m, n, i -> e[i]));
                for (int i = 0; i < n; i++) {
                    c.out(0)[row + i] = m.sub(m.sub(c.in(0)[row + i], max), log);
                }
            })
            .gradient(c -> {
                Tensor total = Reductions.sumKeepDims(c.g(), -1);
                return new Tensor[] {Pointwise.sub(c.g(), Pointwise.mul(Pointwise.exp(c.out(0)), total))};
            });

    static final List<Op<?>> OPS = List.of(SOFTMAX, LOG_SOFTMAX);

    private Softmax() {}

    /** exp(x) / Σ exp(x) over the last axis, without overflow. */
    public static Tensor softmax(Tensor x) {
        return Engine.run(SOFTMAX, NONE, x);
    }

    /** log(softmax(x)) over the last axis, without overflow or loss. */
    public static Tensor logSoftmax(Tensor x) {
        return Engine.run(LOG_SOFTMAX, NONE, x);
    }

    private static double[] exponentials(ReferenceCall<?> c, int row, int n) {
        double max = maximum(c.in(0), row, n);
        double[] e = new double[n];
        for (int i = 0; i < n; i++) {
            e[i] = c.math().exp(c.math().sub(c.in(0)[row + i], max));
        }
        return e;
    }

    private static double maximum(double[] x, int row, int n) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[row + i]);
        }
        return max;
    }

    private interface Row {
        void fill(ReferenceCall<?> c, int row, int n);
    }

    private static Op<NoAttributes> rows(String name, Row body) {
        return Op.named(name, NoAttributes.class)
                .lowering(Lowering.UP)
                .shapes((a, in) -> {
                    Rules.check(
                            Rules.floating(in.get(0), "x").shape().rank() >= 1,
                            "x must have a last axis, but is one number");
                    return List.of(in.get(0));
                })
                .reference(c -> {
                    int n = c.inShape(0).dim(-1);
                    for (int row = 0; row < c.out(0).length; row += n) {
                        body.fill(c, row, n);
                    }
                })
                .flops((a, in, out) -> 5.0 * in.get(0).shape().elements())
                .sample("odd size", NONE, of(3, 5, 37))
                .sample("one element", NONE, of(4, 1))
                .sample("a vector", NONE, of(10))
                .sample("longer than a segment", NONE, of(2, 4101))
                .sample("far from zero", NONE, of(2, 33).fill(Fill.DISTINCT))
                .sample("transposed", NONE, of(9, 33).transposed())
                .sample("empty batch", NONE, of(0, 4))
                .sample("of nothing", NONE, of(3, 0))
                .sample("special values", NONE, of(40, 7).fill(Fill.SPECIAL))
                .error("must be f32", NONE, SampleInput.index(3, 2))
                .error("must have a last axis", NONE, of());
    }
}
