package org.reverie.device.cpu.kernel;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Memory for operands that are packed as a whole, kept from call to call. A second caller at the same time gets memory of its
 * own.
 */
final class Spare {
    private final AtomicReference<float[]> floats = new AtomicReference<>();

    /** At least {@code length} floats of undefined content. */
    float[] take(int length) {
        float[] have = floats.getAndSet(null);
        return have != null && have.length >= length ? have : new float[length];
    }

    void give(float[] back) {
        floats.set(back);
    }
}
