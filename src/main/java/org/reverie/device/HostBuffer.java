package org.reverie.device;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;

/** A buffer in this process's memory. */
public final class HostBuffer extends Buffer {
    private final HostMemory pool;
    private final HostMemory.Block block;
    private final Map<Object, Object> derived = new HashMap<>(0);

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

    /**
     * Something worked out from the contents, which must be frozen: made at the first call with this key, the same object at
     * all others. It lives as long as the buffer.
     */
    public synchronized <T> T derived(Object key, Class<T> type, Supplier<T> make) {
        if (!isFrozen() || !isLive()) {
            throw new IllegalStateException("only what is frozen and live can have something derived from it");
        }
        return type.cast(derived.computeIfAbsent(key, k -> make.get()));
    }

    @Override
    protected void release() {
        synchronized (this) {
            derived.clear();
        }
        pool.give(block, bytes());
    }
}
