package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_mem;
import org.reverie.device.SizeClass;
import org.reverie.device.Trace;
import org.reverie.device.kernels.DeviceBuffer;
import org.reverie.device.kernels.DeviceMemory;
import org.reverie.device.kernels.KernelQueue;
import org.reverie.device.kernels.Launch;
import org.reverie.tensor.Buffer;

/** A device's context, its one in-order queue, and what hangs on them. */
final class ClQueue implements KernelQueue, DeviceMemory.Driver<cl_mem>, AutoCloseable {
    private final ClDevice device;
    private final TileKind kind;
    private final cl_context context;
    private final cl_command_queue queue;
    private final Programs programs;
    private final Transfers transfers;
    private final ClTimeline timeline;
    private final cl_mem nothing;
    private final TuningFile file;
    private Tuning tuning;
    private final DeviceMemory<cl_mem> memory;
    private final LateShortage shortage;

    /**
     * @param kind of kernels that it runs
     * @param budget bytes that tensors may take from the driver in all
     * @param trace where to write down when kernels ran, or null
     */
    ClQueue(ClDevice device, TileKind kind, ProgramCache cache, long budget, Trace trace) {
        this.device = device;
        this.kind = kind;
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, device.platformId());
        context = clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, null);
        queue = clCreateCommandQueue(context, device.id(), trace == null ? 0 : CL_QUEUE_PROFILING_ENABLE, null);
        timeline = trace == null ? null : new ClTimeline(trace, device.name());
        programs = new Programs(device, context, cache, summers() == 1);
        file = new TuningFile(cache, device);
        tuning = file.read();
        transfers = new Transfers(context, device.id(), queue);
        nothing = clCreateBuffer(context, CL_MEM_READ_WRITE, 64, null, null);
        clEnqueueFillBuffer(queue, nothing, Pointer.to(new int[1]), 4, 0, 64, 0, null, null);
        // Oclgrind is to see where a tensor ends.
        memory = new DeviceMemory<>(this, budget, device.checked() ? bytes -> Math.max(4, bytes) : SizeClass::of);
        shortage = new LateShortage(memory, this::finish);
    }

    /** The pool of this device's memory. */
    DeviceMemory<cl_mem> memory() {
        return memory;
    }

    LateShortage shortage() {
        return shortage;
    }

    /** Null if nothing is traced. */
    ClTimeline timeline() {
        return timeline;
    }

    ClDevice device() {
        return device;
    }

    TileKind kind() {
        return kind;
    }

    Tuning tuning() {
        return tuning;
    }

    /** Where the tuning is kept. */
    TuningFile tuningFile() {
        return file;
    }

    /** From now on, and in later runs; with the times that it was found from. */
    void tuned(Tuning found, Map<String, Double> microseconds) {
        tuning = found;
        file.write(found, microseconds);
    }

    /** Work items in a group of a kernel that does not care. */
    int usualGroup() {
        return tuning.group();
    }

    /** A few zeros, for kernels' arguments that are absent. */
    cl_mem nothing() {
        return nothing;
    }

    @Override
    public boolean hasBinary64() {
        return device.binary64();
    }

    @Override
    public int summers() {
        // A CPU's vectors run along the lanes, unless it stands in for a GPU.
        return device.cpu() && kind != TileKind.GPU ? 1 : KernelQueue.super.summers();
    }

    @Override
    public int largestGroup() {
        return device.largestGroup();
    }

    @Override
    public void upload(MemorySegment from, Buffer to, long offset) {
        shortage.enqueue("an upload", () -> transfers.upload(from, memory(to), offset));
    }

    @Override
    public void download(Buffer from, long offset, MemorySegment to) {
        transfers.download(memory(from), offset, to);
    }

    @Override
    public Launch launch(String family, String kernel) {
        return new ClLaunch(this, queue, programs, "common/" + family + ".h", "", kernel);
    }

    /** A launch of a kernel in the program {@code kernels/opencl/FAMILY.cl}, which is for OpenCL alone. */
    Launch launchOwn(String family, String kernel) {
        return launchOwn(family, kernel, "");
    }

    /** @param definitions lines that come before the program's text */
    Launch launchOwn(String family, String kernel, String definitions) {
        return new ClLaunch(this, queue, programs, "opencl/" + family + ".cl", definitions, kernel);
    }

    @Override
    public cl_mem allocate(long bytes) {
        try {
            return clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, null, null);
        } catch (CLException e) {
            if (LateShortage.isOne(e) || e.getStatus() == CL_INVALID_BUFFER_SIZE) {
                return null;
            }
            throw e;
        }
    }

    @Override
    public void free(cl_mem memory) {
        clReleaseMemObject(memory);
    }

    /** Where a buffer of this device lies. */
    static cl_mem memory(Buffer b) {
        return (cl_mem) ((DeviceBuffer<?>) b).memory();
    }

    void finish() {
        clFinish(queue);
    }

    /** How often the host has waited for kernels to read something, or to send more. */
    long waits() {
        return transfers.waits();
    }

    @Override
    public void close() {
        clFinish(queue);
        if (timeline != null) {
            timeline.read();
        }
        transfers.close();
        clReleaseMemObject(nothing);
        programs.close();
        clReleaseCommandQueue(queue);
        clReleaseContext(context);
    }
}
