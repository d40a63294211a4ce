package org.reverie.tensor;

import java.lang.foreign.MemorySegment;

/** A place where tensors live: memory that can be allocated, filled and read. What computes on it is a backend. */
public interface Device {
    /** The name it is chosen by on the command line, for example {@code cpu} or {@code reference}. */
    String name();

    /** Memory with undefined contents, aligned for the device's widest loads. Callers go through {@link Tensor#empty}. */
    Buffer allocate(long bytes);

    /** Copies host bytes into a buffer, starting at byte {@code offset} of it. */
    void upload(MemorySegment from, Buffer to, long offset);

    /** Copies {@code to.byteSize()} bytes of a buffer, starting at byte {@code offset} of it, to the host. */
    void download(Buffer from, long offset, MemorySegment to);

    /**
     * Bytes of activations that one kernel leaves near enough for the next one, as far as it pays to cut work into such pieces;
     * 0 where it does not.
     */
    default long nearBytes() {
        return 0;
    }

    /** The floating type that ops compute in here: F32, or F64 on the device that checks gradients. */
    default DType computeType() {
        return DType.F32;
    }
}
