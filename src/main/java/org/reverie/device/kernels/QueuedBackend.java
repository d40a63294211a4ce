package org.reverie.device.kernels;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.device.MemoryStatistics;
import org.reverie.device.MissingKernelException;
import org.reverie.device.Trace;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Tensor;

/**
 * Kernels on one device with a queue. A call returns when its kernels are enqueued; the queue keeps their order. Ops without
 * a kernel run on the fallback, with copies to the host and back.
 *
 * @param <M> how the driver calls memory
 */
public abstract class QueuedBackend<M> implements Backend {
    private final String name;
    private final KernelQueue queue;
    private final DeviceMemory<M> memory;
    private final DeviceBuffer<M> note;
    private final IndexChecks checks;
    private final Map<String, Binding> kernels;
    private final HostFallback fallback;
    private final Trace trace;
    private boolean closed;

    /**
     * @param tiles how the device contracts; null for the plain kernels alone
     * @param fallback null if there is none
     * @param trace where to write down when calls are enqueued, or null
     */
    protected QueuedBackend(
            String name, KernelQueue queue, DeviceMemory<M> memory, Tiles tiles, Backend fallback, Trace trace) {
        this.name = name;
        this.queue = queue;
        this.memory = memory;
        this.note = memory.aside(this, IndexChecks.NOTE);
        this.checks = new IndexChecks(queue, note);
        this.kernels = Bindings.of(queue, checks, tiles);
        this.fallback = fallback == null ? null : new HostFallback(fallback);
        this.trace = trace;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String explain(String op) {
        if (kernels.containsKey(op)) {
            return name.substring(0, name.indexOf(':'));
        }
        return fallback == null ? "none" : "host, " + fallback.explain(op);
    }

    @Override
    public final synchronized void run(KernelCall call) {
        if (trace == null) {
            enqueue(call);
            return;
        }
        long start = trace.now();
        enqueue(call);
        trace.span(Thread.currentThread().getName(), call.op(), start, trace.now());
    }

    @Override
    public final synchronized void runAll(List<KernelCall> calls) {
        long start = trace == null ? 0 : trace.now();
        List<KernelCall> rest = runTogether(calls);
        if (trace != null && rest.size() < calls.size()) {
            String name = calls.getFirst().op() + ", " + (calls.size() - rest.size()) + " times";
            trace.span(Thread.currentThread().getName(), name, start, trace.now());
        }
        rest.forEach(this::run);
    }

    private void enqueue(KernelCall call) {
        Binding kernel = kernels.get(call.op());
        if (runOwn(call)) {
            // computed by a kernel of this kind of device alone
        } else if (kernel != null) {
            kernel.run(call);
        } else if (fallback != null) {
            fallback.run(call);
        } else {
            throw new MissingKernelException(name, call.op());
        }
        for (Tensor t : call.outputs()) {
            ((DeviceBuffer<?>) t.buffer()).madeBy(call.op());
        }
    }

    @Override
    public final synchronized Buffer allocate(long bytes) {
        return memory.take(this, bytes);
    }

    @Override
    public final synchronized void upload(MemorySegment from, Buffer to, long offset) {
        if (to.isFrozen()) {
            throw new IllegalStateException("the buffer is frozen: nothing can be uploaded to it");
        }
        queue.upload(from, to, offset);
    }

    @Override
    public final synchronized void download(Buffer from, long offset, MemorySegment to) {
        checks.report();
        queue.download(from, offset, to);
    }

    @Override
    public final Recording record(Supplier<List<Tensor>> work) {
        KernelQueue.Graphs graphs = queue.graphs();
        return graphs == null ? Backend.super.record(work) : new GraphRecording<>(this, graphs, memory, checks, work);
    }

    @Override
    public final synchronized void trim() {
        memory.trim();
    }

    @Override
    public final MemoryStatistics memory() {
        return memory.statistics();
    }

    /** Computes a call with kernels that only this kind of device has; false, with nothing done, where it has none. */
    protected boolean runOwn(KernelCall call) {
        return false;
    }

    /** Computes what can be computed in one go of calls that do not depend on each other; returns the others. */
    protected List<KernelCall> runTogether(List<KernelCall> calls) {
        return calls;
    }

    /** Waits for the device. */
    protected abstract void finish();

    /** Gives everything but the pool's memory back. */
    protected abstract void release();

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        finish();
        memory.trim();
        memory.free(note);
        release();
        if (fallback != null) {
            fallback.close();
        }
        if (trace != null) {
            trace.close();
        }
    }
}
