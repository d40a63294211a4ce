package org.reverie.device.kernels;

import org.reverie.tensor.Buffer;
import org.reverie.tensor.Device;

/**
 * A buffer in a device's memory.
 *
 * @param <M> how the driver calls memory
 */
public final class DeviceBuffer<M> extends Buffer {
    private final DeviceMemory<M> pool;
    private final DeviceMemory.Shelf<M> shelf;
    private final M memory;
    private String origin = "uploaded";

    /**
     * @param pool what it goes back to when its scope closes; null if it belongs to no scope
     * @param shelf where the pool keeps it then
     */
    DeviceBuffer(Device device, long bytes, DeviceMemory<M> pool, DeviceMemory.Shelf<M> shelf, M memory) {
        super(device, bytes);
        this.pool = pool;
        this.shelf = shelf;
        this.memory = memory;
    }

    public M memory() {
        return memory;
    }

    DeviceMemory.Shelf<M> shelf() {
        return shelf;
    }

    /** What made the contents, for the message when memory runs out. */
    String origin() {
        return origin;
    }

    void madeBy(String op) {
        origin = op;
    }

    @Override
    protected void release() {
        pool.give(this);
    }
}
