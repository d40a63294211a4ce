package org.reverie.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.reverie.op.Optimizers;
import org.reverie.op.Pointwise;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv 1710.03740), which keeps small gradients inside the range of F16.
 * The constants are PyTorch's: the scale starts at 65,536, is halved when a gradient is infinite or NaN, in which case the
 * step is left out, and is doubled after 2,000 steps in a row without one. The scale is a power of two, so that scaling
 * changes no bits as long as nothing leaves the range. It does not fall below 1: gradients that overflow at that scale do
 * so on their own account.
 *
 * <p>State: {@code scale} (F32) and {@code growth_tracker} (I64), the steps since the scale last changed.
 */
public final class GradScaler {
    private static final String NAME = "GradScaler";
    private static final float INITIAL_SCALE = 65536;
    private static final float GROWTH_FACTOR = 2;
    private static final float BACKOFF_FACTOR = 0.5f;

    /** Steps without overflow after which the scale is doubled. */
    private static final int GROWTH_INTERVAL = 2000;

    private final int interval;
    private float scale;
    private long tracker;
    private long skipped;

    public GradScaler() {
        this(INITIAL_SCALE, GROWTH_INTERVAL);
    }

    /**
     * @param scale to begin with, a power of two from 1 up
     * @param interval steps without overflow after which the scale is doubled
     */
    public GradScaler(float scale, int interval) {
        if (!isScale(scale) || interval < 1) {
            throw new IllegalArgumentException(
                    NAME + ": the scale must be a power of two from 1 up and the interval positive, not " + scale
                            + " and " + interval);
        }
        this.scale = scale;
        this.interval = interval;
    }

    private static boolean isScale(float scale) {
        return scale >= 1 && scale <= Float.MAX_VALUE && scale == Math.scalb(1f, Math.getExponent(scale));
    }

    /** What the loss is multiplied by. */
    public float scale() {
        return scale;
    }

    /** How many steps were left out since this was made. */
    public long skipped() {
        return skipped;
    }

    /** The gradient to begin with at an F32 loss: the scale in place of 1. */
    public Tensor seed(Tensor loss) {
        return Pointwise.fullLike(loss, scale);
    }

    /**
     * Takes the scale out of the gradients and has the optimiser make its step; or leaves the step out, if one of them is infinite or NaN.
     * The check is made on the device; one number is read for it.
     *
     * @param scaled F32 gradients of a scaled loss, null where there is none
     * @return whether the step was made
     */
    public boolean step(Optimizer optimizer, List<Tensor> scaled, double lr) {
        boolean made = optimizer.step(scaled, lr, scale);
        update(made);
        return made;
    }

    /** I32 []: 1 if all numbers of the gradients are finite, 0 otherwise; null if there is no gradient. */
    static Tensor finite(List<Tensor> gradients) {
        List<Tensor> there = gradients.stream().filter(Objects::nonNull).toList();
        return there.isEmpty() ? null : Optimizers.allFinite(there);
    }

    private void update(boolean finite) {
        if (!finite) {
            skipped++;
            tracker = 0;
            scale = Math.max(1, scale * BACKOFF_FACTOR);
        } else if (++tracker == interval) {
            tracker = 0;
            scale = Math.min(scale * GROWTH_FACTOR, 0x1p127f);
        }
    }

    public LinkedHashMap<String, HostTensor> state() {
        LinkedHashMap<String, HostTensor> state = new LinkedHashMap<>();
        state.put("scale", HostTensor.of(Shape.SCALAR, new float[] {scale}));
        Slots.saveCount(state, "growth_tracker", tracker);
        return state;
    }

    /** Continues from a saved state. */
    public void restore(Map<String, HostTensor> state) {
        HostTensor saved = Slots.find(state, NAME, "scale");
        long count = Slots.count(state, NAME, "growth_tracker");
        if (saved.dtype() != DType.F32 || saved.shape().elements() != 1 || !isScale((float) saved.get(0))) {
            throw new IllegalArgumentException(NAME + ": scale must be one power of two in the saved state");
        }
        scale = (float) saved.get(0);
        tracker = count;
    }
}
