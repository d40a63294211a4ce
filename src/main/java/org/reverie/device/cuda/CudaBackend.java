package org.reverie.device.cuda;

import java.util.List;
import org.reverie.device.Arithmetic;
import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.device.Trace;
import org.reverie.device.kernels.DeviceMemory;
import org.reverie.device.kernels.QueuedBackend;
import org.reverie.tensor.DType;

/** Kernels of {@code kernels/} on one CUDA device. */
final class CudaBackend extends QueuedBackend<Long> {
    private final CudaDevice device;
    private final CudaQueue queue;
    private final CudaUpdates updates;
    private final FastKernels fast;

    /**
     * @param budget bytes that may be taken from the driver in all
     * @param trace where to write down what runs when, or null
     */
    CudaBackend(
            CudaDriver driver, CudaDevice device, Backend fallback, long budget, Arithmetic arithmetic, Trace trace) {
        this(device, new CudaQueue(context(driver, device, trace)), fallback, budget, arithmetic, trace);
    }

    CudaBackend(CudaDriver driver, CudaDevice device, Backend fallback, long budget, Arithmetic arithmetic) {
        this(driver, device, fallback, budget, arithmetic, null);
    }

    /** An exact backend. */
    CudaBackend(CudaDriver driver, CudaDevice device, Backend fallback, long budget) {
        this(driver, device, fallback, budget, Arithmetic.EXACT);
    }

    private static CudaContext context(CudaDriver driver, CudaDevice device, Trace trace) {
        CudaContext context = new CudaContext(driver, device);
        if (trace != null) {
            context.trace(trace);
        }
        return context;
    }

    private CudaBackend(
            CudaDevice device, CudaQueue queue, Backend fallback, long budget, Arithmetic arithmetic, Trace trace) {
        super(
                "cuda:" + device.ordinal(),
                queue,
                new DeviceMemory<>(queue, budget),
                new CudaTiles(queue, device.units()),
                fallback,
                trace);
        this.device = device;
        this.queue = queue;
        this.updates = new CudaUpdates(queue);
        this.fast = arithmetic == Arithmetic.FAST ? new FastKernels(queue, device) : null;
    }

    /** Null on an exact backend. */
    FastKernels fast() {
        return fast;
    }

    CudaQueue queue() {
        return queue;
    }

    @Override
    public boolean isNative(String op, DType low) {
        return fast != null && fast.has(op, low);
    }

    @Override
    public boolean takes(KernelCall call) {
        return fast.takes(call);
    }

    /** The fast kernels, for calls on 16-bit tensors that they take, and what many tensors can have in one launch. */
    @Override
    protected boolean runOwn(KernelCall call) {
        return updates.run(call) || fast != null && fast.run(call);
    }

    @Override
    protected List<KernelCall> runTogether(List<KernelCall> calls) {
        return updates.run(calls);
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
