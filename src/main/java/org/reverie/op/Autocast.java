package org.reverie.op;

import java.util.function.Supplier;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * Forward passes in low precision with parameters in f32. While one is open on a thread, contractions (products, convolutions,
 * attention) cast their F32 inputs to the low type, except biases; losses, softmax, sums, means and variances widen theirs; other
 * ops run in the dtype of their inputs, and widen the low ones where these differ. The casts are ops: a tape records them, so
 * gradients arrive in the dtype of the parameters. Gradients themselves are not computed under it.
 *
 * <pre>{@code
 * try (Autocast low = Autocast.to(DType.BF16)) {
 *     loss = crossEntropy(model.apply(x), labels);
 * }
 * }</pre>
 */
public final class Autocast implements AutoCloseable {
    /** Where only the third rule holds: mixtures are widened, nothing else is cast. */
    private static final Mode MIXTURES = new Mode(null);

    private static final ThreadLocal<Mode> CURRENT = new ThreadLocal<>();

    private record Mode(DType low) {}

    private final Mode before = CURRENT.get();

    private Autocast() {}

    /** Opens one on this thread. F32 stands for no casts. */
    public static Autocast to(DType type) {
        if (!type.isLow() && type != DType.F32) {
            throw new IllegalArgumentException(
                    "autocast is to bf16 or f16, or to f32 for no casts; not to " + type.label());
        }
        Autocast opened = new Autocast();
        CURRENT.set(type == DType.F32 ? null : new Mode(type));
        return opened;
    }

    /** Runs {@code body} under one. */
    public static <T> T to(DType type, Supplier<T> body) {
        try (Autocast opened = to(type)) {
            return body.get();
        }
    }

    /** Runs {@code body} under one; its result is F32 again. */
    public static Tensor inside(DType type, Supplier<Tensor> body) {
        return Pointwise.cast(to(type, body), DType.F32);
    }

    /** What this thread casts to; F32 if it doesn't. To open the same on another thread. */
    public static DType current() {
        Mode mode = CURRENT.get();
        return mode == null || mode == MIXTURES ? DType.F32 : mode.low;
    }

    /** Runs {@code body}, a gradient rule on low tensors, in which parameters that are F32 meet low gradients. */
    static <T> T widening(Supplier<T> body) {
        try (Autocast opened = new Autocast()) {
            CURRENT.set(MIXTURES);
            return body.get();
        }
    }

    @Override
    public void close() {
        CURRENT.set(before);
    }

    /** The inputs that an op gets. */
    static Tensor[] prepare(Op<?> op, Tensor[] inputs) {
        Mode mode = CURRENT.get();
        if (mode == null) {
            return inputs;
        }
        return switch (mode == MIXTURES ? Op.Lowering.FOLLOW : op.lowering()) {
            case DOWN -> down(op, inputs, mode.low);
            case UP -> up(inputs);
            case FOLLOW -> differ(op, inputs) ? up(inputs) : inputs;
        };
    }

    /** Frees what {@link #prepare} made, when nobody has written it down. */
    static void release(Tensor[] given, Tensor[] prepared) {
        for (int i = 0; i < given.length; i++) {
            if (prepared[i] != given[i]) {
                Scope.free(prepared[i]);
            }
        }
    }

    private static Tensor[] down(Op<?> op, Tensor[] inputs, DType low) {
        Tensor[] cast = inputs.clone();
        for (int i = 0; i < cast.length; i++) {
            boolean stays = cast[i] == null || LowPrecision.isBeside(low, op, i, cast[i].dtype());
            cast[i] = stays ? cast[i] : Pointwise.cast(cast[i], low);
        }
        return cast;
    }

    private static Tensor[] up(Tensor[] inputs) {
        Tensor[] cast = inputs.clone();
        for (int i = 0; i < cast.length; i++) {
            cast[i] = LowPrecision.isLow(cast[i]) ? Pointwise.cast(cast[i], DType.F32) : cast[i];
        }
        return cast;
    }

    /** Whether there are low inputs beside others that are neither of the same type nor allowed to be F32. */
    private static boolean differ(Op<?> op, Tensor[] inputs) {
        Tensor low = LowPrecision.firstLow(inputs);
        for (int i = 0; low != null && i < inputs.length; i++) {
            if (inputs[i] != null && !LowPrecision.isBeside(low.dtype(), op, i, inputs[i].dtype())) {
                return true;
            }
        }
        return false;
    }
}
