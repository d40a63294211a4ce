package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.SampleInput.Fill;
import org.reverie.op.SampleInput.Layout;
import org.reverie.tensor.TensorSpec;

/** Declares functions of one number, applied element by element, and their gradients (x, g) → g · f′(x). */
final class Unary {
    interface Function {
        double of(Arithmetic m, double x);
    }

    private Unary() {}

    /** y = f(x). The gradient is still to be added. */
    static Op<NoAttributes> function(String name, Function f, Fill fill) {
        return Op.named(name, NoAttributes.class)
                .shapes((a, in) -> List.of(Rules.floating(in.get(0), "x")))
                .reference(c -> {
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.math(), c.in(0)[i]);
                    }
                })
                .sample("odd size", NONE, of(3, 37).fill(fill))
                .sample("transposed", NONE, of(9, 33).fill(fill).transposed())
                .sample("strided", NONE, of(2, 3, 19).fill(fill).layout(Layout.STRIDED))
                .sample("scalar", NONE, of().fill(fill))
                .sample("empty", NONE, of(0, 4).fill(fill))
                .sample("special values", NONE, of(1031).fill(Fill.SPECIAL))
                .error("must be f32", NONE, SampleInput.index(3, 2));
    }

    /** g · f′(x), one rounding after f′. The gradient is still to be added. */
    static Op<NoAttributes> derivative(String name, Function slope, Fill fill) {
        return gated(name, (m, x, g) -> m.mul(g, slope.of(m, x)), fill);
    }

    /** A function of x and of the gradient g that arrives, of the same shape. */
    static Op<NoAttributes> gated(String name, Pointwise.Binary f, Fill fill) {
        return Op.named(name, NoAttributes.class)
                .shapes((a, in) -> {
                    TensorSpec x = Rules.floating(in.get(0), "x");
                    Rules.shape(Rules.floating(in.get(1), "the gradient"), x.shape(), "the gradient");
                    return List.of(x);
                })
                .reference(c -> {
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.math(), c.in(0)[i], c.in(1)[i]);
                    }
                })
                .sample("odd size", NONE, of(3, 37).fill(fill), of(3, 37))
                .sample("transposed", NONE, of(9, 33).fill(fill).transposed(), of(9, 33))
                .sample(
                        "broadcast gradient",
                        NONE,
                        of(4, 21).fill(fill),
                        of(4, 21).layout(Layout.BROADCAST))
                .sample("empty", NONE, of(0, 4).fill(fill), of(0, 4))
                .sample("special values", NONE, of(1031).fill(Fill.SPECIAL), of(1031).fill(Fill.SPECIAL))
                .error("the gradient must have shape [2, 3]", NONE, of(2, 3), of(3))
                .error("must be f32", NONE, of(2), SampleInput.index(3, 2));
    }
}
