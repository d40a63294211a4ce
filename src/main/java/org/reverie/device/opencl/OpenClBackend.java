package org.reverie.device.opencl;

import java.util.ArrayList;
import java.util.List;
import org.jocl.cl_mem;
import org.reverie.device.Backend;
import org.reverie.device.Trace;
import org.reverie.device.kernels.QueuedBackend;
import org.reverie.device.kernels.Tiles;

/** Kernels of {@code kernels/} on one OpenCL device. */
final class OpenClBackend extends QueuedBackend<cl_mem> {
    private final ClQueue queue;

    /** @param trace where to write down what runs when, or null */
    OpenClBackend(int index, ClQueue queue, Backend fallback, Trace trace) {
        this(index, queue, fallback, queue.kind().tiles(queue), trace);
    }

    /** @param tiles what kernels of its own the device has; null for the plain kernels alone */
    OpenClBackend(int index, ClQueue queue, Backend fallback, Tiles tiles, Trace trace) {
        super("opencl:" + index, queue, queue.memory(), tiles, fallback, trace);
        this.queue = queue;
    }

    @Override
    public String description() {
        return queue.device().description();
    }

    /** How often the host has waited for kernels to read something, or to send more. */
    long waits() {
        return queue.waits();
    }

    @Override
    public synchronized List<String> tune() {
        List<String> lines = new ArrayList<>(new Tuner(queue, this).tune());
        lines.add("kept in " + queue.tuningFile());
        return lines;
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
