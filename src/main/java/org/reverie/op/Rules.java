package org.reverie.op;

import java.util.List;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.TensorSpec;

/** The checks that shape rules share. Messages are completed with the op's name. */
final class Rules {
    private Rules() {}

    static void check(boolean holds, String message, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(String.format(message, values));
        }
    }

    /** A floating type. That all floating inputs have the same one is checked for all ops in one place, {@link LowPrecision}. */
    static TensorSpec floating(TensorSpec spec, String what) {
        check(spec != null, "%s is missing", what);
        check(
                spec.dtype().isFloating(),
                "%s must be f32, bf16 or f16, not %s: cast it first",
                what,
                spec.dtype().label());
        return spec;
    }

    /** What is summed up over x and handed out beside the result: F32 where x is low. */
    static TensorSpec statistic(TensorSpec x, Shape shape) {
        return new TensorSpec(x.dtype().isLow() ? DType.F32 : x.dtype(), shape);
    }

    static TensorSpec optionalFloating(TensorSpec spec, String what) {
        return spec == null ? null : floating(spec, what);
    }

    static TensorSpec integer(TensorSpec spec, String what) {
        check(spec != null, "%s is missing", what);
        check(
                spec.dtype() == DType.I32 || spec.dtype() == DType.I64,
                "%s must be i32 or i64, not %s",
                what,
                spec.dtype());
        return spec;
    }

    static TensorSpec rank(TensorSpec spec, int rank, String what) {
        check(spec.shape().rank() == rank, "%s must have rank %d, but its shape is %s", what, rank, spec.shape());
        return spec;
    }

    static void shape(TensorSpec spec, Shape shape, String what) {
        check(spec.shape().equals(shape), "%s must have shape %s, not %s", what, shape, spec.shape());
    }

    static void count(List<TensorSpec> inputs, int count) {
        check(inputs.size() == count, "takes %d inputs, not %d", count, inputs.size());
    }

    static List<TensorSpec> like(TensorSpec spec, Shape shape) {
        return List.of(new TensorSpec(spec.dtype(), shape));
    }
}
