package org.reverie.nn;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Device;

/**
 * A device without memory: a model that is built here with {@link Initializer#undefined} has names and shapes and holds no
 * number. So a checkpoint can be checked before gigabytes are allocated for it.
 */
public final class Outline implements Device {
    @Override
    public String name() {
        return "outline";
    }

    @Override
    public Buffer allocate(long bytes) {
        return new Buffer(this, bytes) {
            @Override
            protected void release() {}
        };
    }

    @Override
    public void upload(MemorySegment from, Buffer to, long offset) {
        throw noMemory();
    }

    @Override
    public void download(Buffer from, long offset, MemorySegment to) {
        throw noMemory();
    }

    private static UnsupportedOperationException noMemory() {
        return new UnsupportedOperationException("an outline holds shapes and no numbers");
    }
}
