package org.reverie.device.spec;

import org.reverie.tensor.DType;

/**
 * A sinusoidal embedding of time steps.
 *
 * @param dim the extent of the embedding, even
 * @param maxPeriod the largest wave length over 2π
 * @param cosFirst whether the cosines come before the sines
 * @param dtype F32, or F64 on a device that computes in it
 */
public record TimestepSpec(int dim, double maxPeriod, boolean cosFirst, DType dtype) {
    /** maxPeriod^(−k/(dim/2)) for k = 0 … dim/2 − 1, worked out in double and rounded to f32 once. */
    public float[] frequencies() {
        int half = dim / 2;
        float[] f = new float[half];
        for (int k = 0; k < half; k++) {
            f[k] = (float) StrictMath.pow(maxPeriod, -(double) k / half);
        }
        return f;
    }
}
