package org.reverie.device.cuda;

import org.reverie.device.Backend;
import org.reverie.device.kernels.DeviceMemory;
import org.reverie.device.kernels.QueuedBackend;

/** Kernels of {@code kernels/} on one CUDA device. */
final class CudaBackend extends QueuedBackend<Long> {
    private final CudaDevice device;
    private final CudaQueue queue;

    /** @param budget bytes that may be taken from the driver in all */
    CudaBackend(CudaDriver driver, CudaDevice device, Backend fallback, long budget) {
        this(device, new CudaQueue(new CudaContext(driver, device)), fallback, budget);
    }

    private CudaBackend(CudaDevice device, CudaQueue queue, Backend fallback, long budget) {
        super("cuda:" + device.ordinal(), queue, new DeviceMemory<>(queue, budget), null, fallback);
        this.device = device;
        this.queue = queue;
    }

    @Override
    public String description() {
        return device.description();
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
