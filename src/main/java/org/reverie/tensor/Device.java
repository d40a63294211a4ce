package org.reverie.tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

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

    /** How many bodies of {@link #concurrently} run at once. */
    default int concurrency() {
        return 1;
    }

    /**
     * Runs {@code body} for every number from 0 to {@code count - 1}, each with one of the device's threads to itself, and returns when
     * all are done. The bodies must not depend on each other; a scope is current on their thread only if they open one.
     */
    default void concurrently(int count, IntConsumer body) {
        for (int i = 0; i < count; i++) {
            body.accept(i);
        }
    }

    /**
     * Work that will be done many times; nothing is done yet. See {@link Recording} for what the work may be. Where the device
     * cannot keep it, its code runs each time.
     */
    default Recording record(Supplier<List<Tensor>> work) {
        return new PlainRecording(work);
    }

    /** The floating type that ops compute in here: F32, or F64 on the device that checks gradients. */
    default DType computeType() {
        return DType.F32;
    }
}
