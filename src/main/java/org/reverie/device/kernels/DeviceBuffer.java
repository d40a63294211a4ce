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
    private final M memory;
    private String origin = "uploaded";

    /** @param pool where it goes back to when its scope closes; null if it belongs to no scope */
    DeviceBuffer(Device device, long bytes, DeviceMemory<M> pool, M memory) {
        super(device, bytes);
        this.pool = pool;
        this.memory = memory;
    }

    public M memory() {
        return memory;
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
