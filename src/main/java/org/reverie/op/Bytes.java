package org.reverie.op;

import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.reverie.device.spec.ResampleSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Images of bytes, as they come from files, on their way to a network. */
public final class Bytes {
    /** Fractional bits of weights. */
    private static final int PRECISION = 22;

    private static final ResampleSpec PLAIN = new ResampleSpec(false);

    /**
     * x U8 [N,H,W,C], rows' starts I32 [h] and weights I32 [h,a], columns' starts I32 [w] and weights I32 [w,b], table [C,256] →
     * [N,h,w,C]. Number (i, j) of a channel is the table's for the byte that comes of two passes in 32-bit integers, over columns and
     * then over rows, each {@code (2^21 + Σ weight · byte) >> 22}, held to 0 … 255. Element k of an axis stands at its start + k; places
     * beyond an edge are the edge's.
     */
    static final Op<ResampleSpec> RESAMPLE = Op.named("resample_bytes", ResampleSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(in.get(0), 4, "x [N, H, W, C]");
                Rules.check(
                        x.dtype() == DType.U8, "x must be u8, not %s", x.dtype().label());
                Rules.check(x.shape().dim(1) * x.shape().dim(2) > 0, "the image %s has no pixels", x.shape());
                int height = checkTaps(in.get(1), in.get(2), "rows'");
                int width = checkTaps(in.get(3), in.get(4), "columns'");
                TensorSpec table = Rules.floating(in.get(5), "the table");
                Rules.shape(table, Shape.of(x.shape().dim(3), 256), "the table");
                return Rules.like(table, x.shape().with(1, height).with(2, width));
            })
            .reference(c -> {
                Shape x = c.inShape(0);
                Shape y = c.outShape(0);
                int channels = y.dim(3);
                for (int o = 0; o < c.out(0).length; o++) {
                    int channel = o % channels;
                    int column = o / channels % y.dim(2);
                    int row = o / channels / y.dim(2) % y.dim(1);
                    int image = o / channels / y.dim(2) / y.dim(1);
                    int from = c.attributes().reversed() ? channels - 1 - channel : channel;
                    int value = weighted(c, 1, row, x.dim(1), r -> {
                        int line = (image * x.dim(1) + r) * x.dim(2);
                        return weighted(c, 3, column, x.dim(2), q -> (int) c.in(0)[(line + q) * channels + from]);
                    });
                    c.out(0)[o] = c.in(5)[channel * 256 + value];
                }
            })
            .notDifferentiable()
            .flops((s, in, out) -> 0)
            .sample(
                    "to a larger image",
                    PLAIN,
                    bytes(2, 4, 5, 3),
                    index(4, 7),
                    index(1 << 21, 7, 2),
                    index(5, 9),
                    index(1 << 20, 9, 3),
                    of(3, 256))
            .sample(
                    "to a smaller one, channels reversed",
                    new ResampleSpec(true),
                    bytes(1, 33, 21, 3),
                    index(33, 6),
                    index(1 << 19, 6, 8),
                    index(21, 17),
                    index(1 << 19, 17, 5),
                    of(3, 256))
            .sample(
                    "views",
                    PLAIN,
                    bytes(2, 5, 3, 4).transposed(),
                    index(5, 3).layout(SampleInput.Layout.STRIDED),
                    index(1 << 21, 3, 2).transposed(),
                    index(3, 6),
                    index(1 << 20, 6, 4).transposed(),
                    of(4, 256).transposed())
            .sample(
                    "empty batch",
                    PLAIN,
                    bytes(0, 4, 5, 3),
                    index(4, 7),
                    index(1 << 21, 7, 2),
                    index(5, 9),
                    index(1 << 20, 9, 3),
                    of(3, 256))
            .error(
                    "x must be u8, not f32",
                    PLAIN,
                    of(2, 4, 5, 3),
                    index(4, 7),
                    index(9, 7, 2),
                    index(5, 9),
                    index(9, 9, 3),
                    of(3, 256))
            .error(
                    "the table must have shape [3, 256]",
                    PLAIN,
                    bytes(2, 4, 5, 3),
                    index(4, 7),
                    index(9, 7, 2),
                    index(5, 9),
                    index(9, 9, 3),
                    of(256))
            .error(
                    "the rows' weights [6, 2] are not those of 7",
                    PLAIN,
                    bytes(2, 4, 5, 3),
                    index(4, 7),
                    index(9, 6, 2),
                    index(5, 9),
                    index(9, 9, 3),
                    of(3, 256));

    static final List<Op<?>> OPS = List.of(RESAMPLE);

    private Bytes() {}

    /** One number of the 0-based input of starts and of the weights behind it, from bytes at places of an axis. */
    private static int weighted(ReferenceCall<?> c, int input, int i, int extent, IntUnaryOperator bytes) {
        int taps = c.inShape(input + 1).dim(1);
        int sum = 1 << PRECISION - 1;
        for (int k = 0; k < taps; k++) {
            int place = Math.clamp((int) c.in(input)[i] + k, 0, extent - 1);
            sum += (int) c.in(input + 1)[i * taps + k] * bytes.applyAsInt(place);
        }
        return Math.clamp(sum >> PRECISION, 0, 255);
    }

    private static SampleInput bytes(int... shape) {
        return index(256, shape).as(DType.U8);
    }

    private static int checkTaps(TensorSpec start, TensorSpec weight, String whose) {
        Rules.rank(start, 1, "the " + whose + " starts");
        Rules.rank(weight, 2, "the " + whose + " weights");
        Rules.check(
                start.dtype() == DType.I32 && weight.dtype() == DType.I32,
                "the %s starts and weights must be i32, not %s and %s",
                whose,
                start.dtype().label(),
                weight.dtype().label());
        int count = start.shape().dim(0);
        Rules.check(
                weight.shape().dim(0) == count, "the %s weights %s are not those of %d", whose, weight.shape(), count);
        return count;
    }

    /**
     * Images resized as Pillow does it and looked up in a table: x U8 [N,H,W,C] → [N,h,w,C].
     *
     * @param rowStart I32 [h], rowWeight I32 [h,a], and so for columns: from which row on, with which weights times 2^22
     * @param table [C,256], in the order of the result's channels
     * @param reversed whether the result's channels are those of x from the last to the first
     */
    public static Tensor resample(
            Tensor x,
            Tensor rowStart,
            Tensor rowWeight,
            Tensor columnStart,
            Tensor columnWeight,
            Tensor table,
            boolean reversed) {
        return Engine.run(
                RESAMPLE, new ResampleSpec(reversed), x, rowStart, rowWeight, columnStart, columnWeight, table);
    }
}
