package org.reverie.device;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Buffer;

/** The memory half of the backends that compute in this process's memory. */
public abstract class HostDevice implements Backend {
    private final HostMemory memory = new HostMemory();

    @Override
    public Buffer allocate(long bytes) {
        return new HostBuffer(this, bytes, memory, memory.take(bytes));
    }

    @Override
    public void upload(MemorySegment from, Buffer to, long offset) {
        if (to.isFrozen()) {
            throw new IllegalStateException("the buffer is frozen: nothing can be uploaded to it");
        }
        MemorySegment.copy(from, 0, ((HostBuffer) to).segment(), offset, from.byteSize());
    }

    @Override
    public void download(Buffer from, long offset, MemorySegment to) {
        MemorySegment.copy(((HostBuffer) from).segment(), offset, to, 0, to.byteSize());
    }

    @Override
    public void trim() {
        memory.trim();
    }

    @Override
    public MemoryStatistics memory() {
        return memory.statistics();
    }

    @Override
    public void close() {
        memory.trim();
    }
}
