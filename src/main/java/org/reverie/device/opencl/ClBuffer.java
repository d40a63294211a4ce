package org.reverie.device.opencl;

import org.jocl.cl_mem;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;

/** A buffer in a device's memory. */
final class ClBuffer extends Buffer {
    private final ClMemory pool;
    private final cl_mem memory;
    private String origin = "uploaded";

    ClBuffer(OpenClBackend device, long bytes, ClMemory pool, cl_mem memory) {
        super(device, bytes);
        this.pool = pool;
        this.memory = memory;
    }

    static ClBuffer of(Tensor t) {
        return (ClBuffer) t.buffer();
    }

    cl_mem memory() {
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
