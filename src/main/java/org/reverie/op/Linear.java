package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Matrix products (docs/numerics.md, rule 2). */
public final class Linear {
    /** a[…, m, k] · b[…, k, n] → [..., m, n]; leading axes broadcast; either operand may be taken transposed. */
    static final Op<MatmulSpec> MATMUL = Op.named("matmul", MatmulSpec.class)
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
                    c.out(0)[o] = Ordered.contract(c.math(), k, new Ordered.Terms() {
                        @Override
                        public double a(int i) {
                            return a[atA + i * stepA];
                        }

                        @Override
                        public double b(int i) {
                            return b[atB + i * stepB];
                        }
                    });
                }
            })
            .gradient(c -> {
                boolean ta = c.attributes().transposeA();
                boolean tb = c.attributes().transposeB();
                Tensor da = null;
                Tensor db = null;
                if (c.needs(0)) {
                    da = ta ? matmul(c.in(1), c.g(), tb, true) : matmul(c.g(), c.in(1), false, !tb);
                    da = Reductions.sumTo(da, c.in(0).shape());
                }
                if (c.needs(1)) {
                    db = tb ? matmul(c.g(), c.in(0), true, ta) : matmul(c.in(0), c.g(), !ta, false);
                    db = Reductions.sumTo(db, c.in(1).shape());
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

    static final List<Op<?>> OPS = List.of(MATMUL);

    private Linear() {}

    /** a[…, m, k] · b[…, k, n] → [..., m, n]. */
    public static Tensor matmul(Tensor a, Tensor b) {
        return matmul(a, b, false, false);
    }

    /** As {@link #matmul(Tensor, Tensor)}, with the last two axes of either operand swapped first. */
    public static Tensor matmul(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        return Engine.run(MATMUL, new MatmulSpec(transposeA, transposeB), a, b);
    }

    private static Shape leading(Shape s) {
        return s.without(-1).without(-1);
    }
}
