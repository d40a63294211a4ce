package org.reverie.device.opencl;

import org.jocl.cl_mem;
import org.reverie.device.Backend;
import org.reverie.device.kernels.DeviceMemory;
import org.reverie.device.kernels.QueuedBackend;

/** Kernels of {@code kernels/} on one OpenCL device. */
final class OpenClBackend extends QueuedBackend<cl_mem> {
    private final ClQueue queue;

    /** @param budget bytes that may be taken from the driver in all */
    OpenClBackend(int index, ClDevice device, Backend fallback, ProgramCache cache, long budget) {
        this(index, new ClQueue(device, cache), fallback, budget);
    }

    private OpenClBackend(int index, ClQueue queue, Backend fallback, long budget) {
        super(
                "opencl:" + index,
                queue,
                new DeviceMemory<>(queue, budget),
                queue.device().cpu() ? new CpuGemm(queue) : null,
                fallback);
        this.queue = queue;
    }

    @Override
    public String description() {
        return queue.device().description();
    }

    @Override
    protected void finish() {
        queue.finish();
    }

    @Override
    protected void release() {
        queue.close();
    }
}
