package org.reverie.device;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;

/** A buffer in this process's memory. */
public final class HostBuffer extends Buffer {
    private final HostMemory pool;
    private final HostMemory.Block block;

    HostBuffer(HostDevice device, long bytes, HostMemory pool, HostMemory.Block block) {
        super(device, bytes);
        this.pool = pool;
        this.block = block;
    }

    public MemorySegment segment() {
        return block.segment();
    }

    /** The address of a host tensor's first element. Valid while the tensor's scope is open. */
    public static long address(Tensor t) {
        return ((HostBuffer) t.buffer()).block.segment().address()
                + t.offset() * t.dtype().bytes();
    }

    @Override
    protected void release() {
        pool.give(block, bytes());
    }
}
