package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * Copies between host and device. No upload waits for kernels. A small one goes along with its command. A larger one is
 * brought to the device by way of pinned memory and a queue of its own, into a staging buffer there; the queue of the
 * kernels copies it from there to its place. (Writes that do not wait at all are not used: JOCL starts a thread for each,
 * which waits for an event that it does not retain.)
 */
final class Transfers implements AutoCloseable {
    /** Uploads of up to so many bytes go along with their commands. */
    private static final int SMALL = 1024;

    /** The longest pattern that OpenCL fills with. */
    private static final int LONGEST_PATTERN = 128;

    private static final int STAGES = 4;
    private static final int STAGE = 4 << 20;

    /** Where uploads begin in a stage: a multiple of what devices want of copies. */
    private static final int ALIGNMENT = 128;

    private final cl_command_queue kernels;
    private final cl_command_queue copies;
    private final cl_mem pinned;
    private final ByteBuffer mapped;
    private final cl_mem[] stages = new cl_mem[STAGES];

    /** The last copy out of each stage. */
    private final cl_event[] busy = new cl_event[STAGES];

    private int stage;
    private int used;
    private long waits;

    Transfers(cl_context context, cl_device_id device, cl_command_queue kernels) {
        this.kernels = kernels;
        copies = clCreateCommandQueue(context, device, 0, null);
        pinned = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, STAGE, null, null);
        mapped = clEnqueueMapBuffer(copies, pinned, true, CL_MAP_READ | CL_MAP_WRITE, 0, STAGE, 0, null, null, null);
        for (int i = 0; i < STAGES; i++) {
            stages[i] = clCreateBuffer(context, CL_MEM_READ_WRITE, STAGE, null, null);
        }
    }

    void upload(MemorySegment from, cl_mem to, long offset) {
        if (from.byteSize() <= SMALL) {
            fill(from, to, offset);
        } else {
            for (long done = 0; done < from.byteSize(); done += STAGE) {
                stage(from.asSlice(done, Math.min(STAGE, from.byteSize() - done)), to, offset + done);
            }
        }
        clFlush(kernels);
    }

    /** By commands that carry the bytes: patterns as long as their place allows. */
    private void fill(MemorySegment from, cl_mem to, long offset) {
        int length;
        for (long done = 0; done < from.byteSize(); done += length) {
            length = LONGEST_PATTERN;
            while (length > from.byteSize() - done || (offset + done) % length != 0) {
                length /= 2;
            }
            byte[] pattern = from.asSlice(done, length).toArray(ValueLayout.JAVA_BYTE);
            clEnqueueFillBuffer(kernels, to, Pointer.to(pattern), length, offset + done, length, 0, null, null);
        }
    }

    private void stage(MemorySegment from, cl_mem to, long offset) {
        int bytes = (int) from.byteSize();
        if (used + bytes > STAGE) {
            stage = (stage + 1) % STAGES;
            used = 0;
            await(stage);
        }
        MemorySegment.copy(from, 0, MemorySegment.ofBuffer(mapped), 0, bytes);
        clEnqueueWriteBuffer(copies, stages[stage], true, used, bytes, Pointer.toBuffer(mapped), 0, null, null);
        cl_event copied = new cl_event();
        clEnqueueCopyBuffer(kernels, stages[stage], to, used, offset, bytes, 0, null, copied);
        if (busy[stage] != null) {
            clReleaseEvent(busy[stage]);
        }
        busy[stage] = copied;
        used += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    /** Waits for everything that was enqueued before. */
    void download(cl_mem from, long offset, MemorySegment to) {
        for (long done = 0; done < to.byteSize(); done += STAGE) {
            long bytes = Math.min(STAGE, to.byteSize() - done);
            waits++;
            clEnqueueReadBuffer(kernels, from, true, offset + done, bytes, Pointer.toBuffer(mapped), 0, null, null);
            MemorySegment.copy(MemorySegment.ofBuffer(mapped), 0, to, done, bytes);
        }
    }

    /** How often the host has waited for kernels. */
    long waits() {
        return waits;
    }

    private void await(int i) {
        if (busy[i] != null) {
            waits++;
            clWaitForEvents(1, new cl_event[] {busy[i]});
            clReleaseEvent(busy[i]);
            busy[i] = null;
        }
    }

    @Override
    public void close() {
        clFinish(kernels);
        clEnqueueUnmapMemObject(copies, pinned, mapped, 0, null, null);
        clFinish(copies);
        for (int i = 0; i < STAGES; i++) {
            await(i);
            clReleaseMemObject(stages[i]);
        }
        clReleaseMemObject(pinned);
        clReleaseCommandQueue(copies);
    }
}
