package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.op.Op.Lowering;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Matrix products (docs/numerics.md, rule 2). */
public final class Linear {
    /** a[…, m, k] · b[…, k, n] → [..., m, n]; leading axes broadcast; either operand may be taken transposed. */
    static final Op<MatmulSpec> MATMUL = Op.named("matmul", MatmulSpec.class)
            .lowering(Lowering.DOWN)
            .shapes((s, in) -> {
                TensorSpec a = Rules.floating(in.get(0), "a");
                TensorSpec b = Rules.floating(in.get(1), "b");
                Rules.check(
                        a.shape().rank() >= 2 && b.shape().rank() >= 2,
                        "needs matrices, but the shapes are %s and %s",
                        a.shape(),
                        b.shape());
                int m = a.shape().dim(s.transposeA() ? -1 : -2);
                int k = a.shape().dim(s.transposeA() ? -2 : -1);
                int kb = b.shape().dim(s.transposeB() ? -1 : -2);
                int n = b.shape().dim(s.transposeB() ? -2 : -1);
                Rules.check(k == kb, "inner extents differ: %d in %s against %d in %s", k, a.shape(), kb, b.shape());
                Shape batch = Shape.broadcast(leading(a.shape()), leading(b.shape()));
                return Rules.like(a, batch.insert(batch.rank(), m).insert(batch.rank() + 1, n));
            })
            .reference(c -> {
                MatmulSpec s = c.attributes();
                Shape out = c.outShape(0);
                int m = out.dim(-2);
                int n = out.dim(-1);
                int k = c.inShape(0).dim(s.transposeA() ? -2 : -1);
                Broadcast batchA = new Broadcast(leading(c.inShape(0)), leading(out));
                Broadcast batchB = new Broadcast(leading(c.inShape(1)), leading(out));
                int rowA = s.transposeA() ? 1 : k;
                int stepA = s.transposeA() ? m : 1;
                int colB = s.transposeB() ? k : 1;
                int stepB = s.transposeB() ? 1 : n;
                double[] a = c.in(0);
                double[] b = c.in(1);
                for (int o = 0; o < c.out(0).length; o++) {
                    int batch = o / (m * n);
                    int atA = batchA.index(batch) * m * k + o / n % m * rowA;
                    int atB = batchB.index(batch) * k * n + o % n * colB;
                    c.out(0)[o] = Ordered.contract(c.math(), k, i -> a[atA + i * stepA], i -> b[atB + i * stepB]);
                }
            })
            .gradient(c -> {
                boolean ta = c.attributes().transposeA();
                boolean tb = c.attributes().transposeB();
                Tensor da = null;
                Tensor db = null;
                if (c.needs(0)) {
                    da = ta ? matmul(c.in(1), c.g(), tb, true) : matmul(c.g(), c.in(1), false, !tb);
                    da = Reductions.sumTo(da, c.inShape(0));
                }
                if (c.needs(1)) {
                    db = tb ? matmul(c.g(), c.in(0), true, ta) : matmul(c.in(0), c.g(), !ta, false);
                    db = Reductions.sumTo(db, c.inShape(1));
                }
                return new Tensor[] {da, db};
            })
            .flops((s, in, out) ->
                    2.0 * out.get(0).shape().elements() * in.get(0).shape().dim(s.transposeA() ? -2 : -1))
            .sample("small", new MatmulSpec(false, false), of(3, 4), of(4, 5))
            .sample("odd sizes", new MatmulSpec(false, false), of(17, 31), of(31, 37))
            .sample("one row", new MatmulSpec(false, true), of(1, 67), of(45, 67))
            .sample("one column", new MatmulSpec(false, false), of(29, 33), of(33, 1))
            .sample("k = 1", new MatmulSpec(false, false), of(5, 1), of(1, 19))
            .sample("k = 0", new MatmulSpec(false, false), of(2, 0), of(0, 3))
            .sample("k across chunks", new MatmulSpec(false, false), of(15, 1300), of(1300, 35))
            .sample("k of two chunks, transposed", new MatmulSpec(true, true), of(512, 14), of(33, 512))
            .sample("a transposed", new MatmulSpec(true, false), of(21, 13), of(21, 40))
            .sample("batched", new MatmulSpec(false, true), of(2, 3, 7, 9), of(2, 3, 5, 9))
            .sample("batch broadcast", new MatmulSpec(false, false), of(4, 1, 6, 5), of(3, 5, 7))
            .sample(
                    "transposed views",
                    new MatmulSpec(false, false),
                    of(18, 20).transposed(),
                    of(20, 34).transposed())
            .sample("empty batch", new MatmulSpec(false, false), of(0, 2, 3), of(3, 4))
            .sample(
                    "special values",
                    new MatmulSpec(false, false),
                    of(15, 20).fill(SampleInput.Fill.SPECIAL),
                    of(20, 33))
            .error("inner extents differ", new MatmulSpec(false, false), of(2, 3), of(4, 5))
            .error("needs matrices", new MatmulSpec(false, false), of(3), of(3, 5))
            .error("must be f32", new MatmulSpec(false, false), of(2, 3), SampleInput.index(9, 3, 2));

    /** x[…, k] · weight[n, k]ᵀ (+ bias[n]) (+ residual[…, n]), activation → [..., n]. */
    static final Op<LinearSpec> LINEAR = Op.named("linear", LinearSpec.class)
            .parameters(2)
            .lowering(Lowering.DOWN)
            .shapes((s, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                TensorSpec weight = Rules.rank(Rules.floating(in.get(1), "weight"), 2, "weight");
                Rules.check(x.shape().rank() >= 1, "x must have a last axis, but is one number");
                int k = weight.shape().dim(1);
                Rules.check(
                        x.shape().dim(-1) == k,
                        "weight %s takes %d features, but x %s has %d",
                        weight.shape(),
                        k,
                        x.shape(),
                        x.shape().dim(-1));
                int n = weight.shape().dim(0);
                TensorSpec y = new TensorSpec(x.dtype(), x.shape().with(-1, n));
                Epilogue.checkBias(in.get(2), n);
                Epilogue.checkResidual(in.get(3), y);
                return List.of(y);
            })
            .reference(c -> {
                int n = c.inShape(1).dim(0);
                int k = c.inShape(1).dim(1);
                for (int o = 0; o < c.out(0).length; o++) {
                    double[] x = c.in(0);
                    double[] w = c.in(1);
                    int atX = o / n * k;
                    int atW = o % n * k;
                    double sum = Ordered.contract(c.math(), k, i -> x[atX + i], i -> w[atW + i]);
                    c.out(0)[o] = Epilogue.apply(c, c.attributes().activation(), sum, o, n);
                }
            })
            .gradient(c -> {
                Activation activation = c.attributes().activation();
                Tensor before =
                        activation == Activation.NONE ? null : Engine.run(Linear.LINEAR, LinearSpec.NONE, c.inputs());
                Tensor g = Activations.gradient(activation, before, c.g());
                return new Tensor[] {
                    c.needs(0) ? Views.reshape(matmul(rows(g), c.in(1)), c.inShape(0)) : null,
                    c.needs(1) ? matmul(rows(g), rows(c.in(0)), true, false) : null,
                    c.needs(2) ? Epilogue.biasGradient(g) : null,
                    c.needs(3) ? g : null
                };
            })
            .flops((s, in, out) ->
                    2.0 * out.get(0).shape().elements() * in.get(1).shape().dim(1))
            .sample("no bias", LinearSpec.NONE, of(3, 5), of(4, 5), null, null)
            .sample("bias, odd sizes", LinearSpec.NONE, of(13, 31), of(37, 31), of(37), null)
            .sample("one row, residual", LinearSpec.NONE, of(1, 67), of(45, 67), of(45), of(1, 45))
            .sample("residual without bias", LinearSpec.NONE, of(7, 9), of(19, 9), null, of(7, 19))
            .sample("a vector", LinearSpec.NONE, of(6), of(5, 6), of(5), of(5))
            .sample("leading axes, silu", new LinearSpec(Activation.SILU), of(2, 3, 8), of(17, 8), of(17), null)
            .sample("k = 1, sigmoid", new LinearSpec(Activation.SIGMOID), of(5, 1), of(3, 1), of(3), null)
            .sample("k = 0", LinearSpec.NONE, of(2, 0), of(3, 0), of(3), null)
            .sample(
                    "k across chunks, gelu",
                    new LinearSpec(Activation.GELU),
                    of(6, 700),
                    of(33, 700),
                    of(33),
                    of(6, 33))
            .sample("many rows across chunks", LinearSpec.NONE, of(523, 7), of(5, 7), of(5), null)
            .sample(
                    "transposed views, tanh",
                    new LinearSpec(Activation.TANH),
                    of(18, 20).transposed(),
                    of(9, 20).transposed(),
                    of(9),
                    of(18, 9).transposed())
            .sample("empty batch", LinearSpec.NONE, of(0, 4), of(3, 4), of(3), null)
            .sample(
                    "special values, relu",
                    new LinearSpec(Activation.RELU),
                    of(15, 20).fill(SampleInput.Fill.SPECIAL),
                    of(33, 20),
                    of(33),
                    null)
            .sample(
                    "special values in the epilogue, relu6",
                    new LinearSpec(Activation.RELU6),
                    of(15, 2),
                    of(33, 2),
                    of(33).fill(SampleInput.Fill.SPECIAL),
                    of(15, 33).fill(SampleInput.Fill.SPECIAL))
            .error("takes 6 features, but x [2, 5] has 5", LinearSpec.NONE, of(2, 5), of(3, 6), null, null)
            .error("bias must have one number for each of 3", LinearSpec.NONE, of(2, 5), of(3, 5), of(5), null)
            .error("residual must have shape [2, 3]", LinearSpec.NONE, of(2, 5), of(3, 5), null, of(2, 5))
            .error("weight must have rank 2", LinearSpec.NONE, of(2, 5), of(5), null, null)
            .error("must be f32", LinearSpec.NONE, SampleInput.index(3, 2, 5), of(3, 5), null, null);

    static final List<Op<?>> OPS = List.of(MATMUL, LINEAR);

    private Linear() {}

    /** a[…, m, k] · b[…, k, n] → [..., m, n]. */
    public static Tensor matmul(Tensor a, Tensor b) {
        return matmul(a, b, false, false);
    }

    /** As {@link #matmul(Tensor, Tensor)}, with the last two axes of either operand swapped first. */
    public static Tensor matmul(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        return Engine.run(MATMUL, new MatmulSpec(transposeA, transposeB), a, b);
    }

    /** x[…, k] · weight[n, k]ᵀ + bias[n] → [..., n]; bias may be null. */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return linear(x, weight, bias, null, Activation.NONE);
    }

    /**
     * activation(x[…, k] · weight[n, k]ᵀ + bias[n] + residual[…, n]) → [..., n]; bias and residual may be null. The bits
     * are the same whether a tape watches (then the activation runs as an op of its own) or not.
     */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation) {
        if (Epilogue.splits(activation, x, weight, bias, residual)) {
            return Activations.apply(activation, linear(x, weight, bias, residual, Activation.NONE));
        }
        return Engine.run(LINEAR, new LinearSpec(activation), x, weight, bias, residual);
    }

    /** x as a matrix: all axes but the last one run into one. */
    private static Tensor rows(Tensor x) {
        int n = x.dim(-1);
        int m = 1;
        for (int a = 0; a < x.rank() - 1; a++) {
            m *= x.dim(a);
        }
        return Views.reshape(x, Shape.of(m, n));
    }

    private static Shape leading(Shape s) {
        return s.without(-1).without(-1);
    }
}
