package org.reverie.device.kernels;

import org.reverie.tensor.Buffer;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** One launch of a kernel: its arguments in their order, then how many work items. */
public abstract class Launch {
    private final String kernel;
    private boolean contiguous = true;

    protected Launch(String kernel) {
        this.kernel = kernel;
    }

    /** The next argument is the start of a buffer, or of a few zeros if it is null. */
    protected abstract void argument(Buffer buffer);

    /** The next argument is a struct of 32-bit fields, or one 32-bit number. */
    protected abstract void argument(int... fields);

    /** The next argument is a 64-bit number. */
    protected abstract void argument(long value);

    /** Work items in a group of a kernel that does not care. */
    protected abstract int usualGroup();

    /** Starts the kernel: x · y · z groups, at least one, of {@code size} work items along x. */
    protected abstract void start(long x, long y, long z, int size);

    public final String kernel() {
        return kernel;
    }

    public final Launch memory(Buffer b) {
        argument(b);
        return this;
    }

    /** A tensor's memory alone; where its elements lie is told otherwise. */
    public final Launch memory(Tensor t) {
        return memory(t == null ? null : t.buffer());
    }

    /** A strided tensor: its memory and its view. */
    public final Launch view(Tensor t) {
        return memory(t).view(t == null ? View.of(Shape.SCALAR, new long[0], 0) : View.of(t));
    }

    /** A tensor repeated to a larger shape. */
    public final Launch view(Tensor t, Shape to) {
        return memory(t).view(View.broadcast(t, to));
    }

    public final Launch view(View v) {
        contiguous &= v.isDense();
        return words(v.words());
    }

    /** A view that the kernel looks up by at_any: it may be strided where the others are contiguous. */
    public final Launch places(View v) {
        return words(v.words());
    }

    /** Whether all views, but for the places, are contiguous, so that a kernel built for that may run. */
    protected final boolean isContiguous() {
        return contiguous;
    }

    /** A struct of 32-bit fields. */
    public final Launch words(int[] fields) {
        argument(fields);
        return this;
    }

    /** A contiguous tensor: its memory and where it begins; a tensor that is absent has neither. */
    public final Launch dense(Tensor t) {
        if (t != null && !t.isContiguous()) {
            throw new IllegalArgumentException(kernel + " takes a contiguous tensor");
        }
        return memory(t).i(t == null ? 0 : t.offset());
    }

    /** The struct Epilogue, bias and residual. */
    public final Launch ending(Ending e) {
        return biasAlone(e).dense(e.residual());
    }

    /** The struct Epilogue and the bias, for a kernel that takes no residual. */
    public final Launch biasAlone(Ending e) {
        return words(e.words()).dense(e.bias());
    }

    public final Launch i(long value) {
        argument(new int[] {Math.toIntExact(value)});
        return this;
    }

    public final Launch flag(boolean value) {
        return i(value ? 1 : 0);
    }

    public final Launch l(long value) {
        argument(value);
        return this;
    }

    public final Launch f(double value) {
        argument(new int[] {Float.floatToRawIntBits((float) value)});
        return this;
    }

    /** At least this many work items, in groups of the device's usual size; the kernel passes over those beyond its end. */
    public final void items(long count) {
        int group = usualGroup();
        groups(Math.ceilDiv(count, group), group);
    }

    /** So many groups of so many work items. */
    public final void groups(long count, int size) {
        groups(count, 1, 1, size);
    }

    public final void groups(long x, long y, long z, int size) {
        if (x * y * z > 0) {
            start(x, y, z, size);
        }
    }
}
