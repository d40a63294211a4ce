package org.reverie.device.opencl;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.device.MemoryStatistics;
import org.reverie.device.MissingKernelException;
import org.reverie.device.kernels.Binding;
import org.reverie.device.kernels.Bindings;
import org.reverie.device.kernels.HostFallback;
import org.reverie.device.kernels.IndexChecks;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;

/**
 * Kernels of {@code kernels/} on one OpenCL device. A call returns when its kernels are enqueued; the queue keeps their order.
 * Ops without a kernel run on the fallback, with copies to the host and back.
 */
final class OpenClBackend implements Backend {
    private final int index;
    private final ClQueue queue;
    private final ClMemory memory;
    private final HostFallback fallback;
    private final ClBuffer note;
    private final IndexChecks checks;
    private final Map<String, Binding> kernels;
    private final Map<String, Long> fallbacks = new TreeMap<>();
    private boolean closed;

    OpenClBackend(int index, ClDevice device, Backend fallback, ProgramCache cache, long budget) {
        this.index = index;
        this.queue = new ClQueue(device, cache);
        this.memory = new ClMemory(queue.context(), budget);
        this.fallback = fallback == null ? null : new HostFallback(fallback);
        this.note = new ClBuffer(this, IndexChecks.NOTE, null, queue.allocate(IndexChecks.NOTE));
        this.checks = new IndexChecks(queue, note);
        this.kernels = Bindings.of(queue, checks, device.cpu() ? new CpuGemm(queue) : null);
    }

    @Override
    public String name() {
        return "opencl:" + index;
    }

    @Override
    public String description() {
        return queue.device().description();
    }

    /** How often ops without a kernel of their own ran on the fallback, by name. */
    synchronized Map<String, Long> fallbacks() {
        return new TreeMap<>(fallbacks);
    }

    @Override
    public String explain(String op) {
        if (kernels.containsKey(op)) {
            return "opencl";
        }
        return fallback == null ? "none" : "host, " + fallback.explain(op);
    }

    @Override
    public synchronized void run(KernelCall call) {
        Binding kernel = kernels.get(call.op());
        if (kernel != null) {
            kernel.run(call);
        } else if (fallback != null) {
            fallbacks.merge(call.op(), 1L, Long::sum);
            fallback.run(call);
        } else {
            throw new MissingKernelException(name(), call.op());
        }
        for (Tensor t : call.outputs()) {
            ClBuffer.of(t).madeBy(call.op());
        }
    }

    @Override
    public synchronized Buffer allocate(long bytes) {
        return memory.take(this, bytes);
    }

    @Override
    public synchronized void upload(MemorySegment from, Buffer to, long offset) {
        if (to.isFrozen()) {
            throw new IllegalStateException("the buffer is frozen: nothing can be uploaded to it");
        }
        queue.upload(from, to, offset);
    }

    @Override
    public synchronized void download(Buffer from, long offset, MemorySegment to) {
        checks.report();
        queue.download(from, offset, to);
    }

    @Override
    public MemoryStatistics memory() {
        return memory.statistics();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        queue.finish();
        memory.trim();
        queue.release(note.memory());
        queue.close();
        if (fallback != null) {
            fallback.close();
        }
    }
}
