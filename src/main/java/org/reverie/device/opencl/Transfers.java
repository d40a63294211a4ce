package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * Copies between host and device by way of pinned pieces of memory. An upload returns as soon as its bytes stand in a piece;
 * two pieces take turns, so that one is filled while the device reads the other.
 */
final class Transfers implements AutoCloseable {
    private static final int PIECES = 2;
    private static final int PIECE = 4 << 20;

    private final cl_command_queue queue;
    private final cl_mem[] pinned = new cl_mem[PIECES];
    private final ByteBuffer[] mapped = new ByteBuffer[PIECES];
    private final cl_event[] busy = new cl_event[PIECES];
    private final boolean waiting;
    private int next;

    /**
     * @param waiting whether uploads wait too: for one that does not, JOCL has a thread wait in the driver, which a simulator
     *     may not stand
     */
    Transfers(cl_context context, cl_command_queue queue, boolean waiting) {
        this.queue = queue;
        this.waiting = waiting;
        for (int i = 0; i < PIECES; i++) {
            pinned[i] = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, PIECE, null, null);
            mapped[i] = clEnqueueMapBuffer(
                    queue, pinned[i], true, CL_MAP_READ | CL_MAP_WRITE, 0, PIECE, 0, null, null, null);
        }
    }

    void upload(MemorySegment from, cl_mem to, long offset) {
        for (long done = 0; done < from.byteSize(); done += PIECE) {
            long bytes = Math.min(PIECE, from.byteSize() - done);
            int piece = idle();
            MemorySegment.copy(from, done, MemorySegment.ofBuffer(mapped[piece]), 0, bytes);
            cl_event event = waiting ? null : new cl_event();
            clEnqueueWriteBuffer(
                    queue, to, waiting, offset + done, bytes, Pointer.toBuffer(mapped[piece]), 0, null, event);
            busy[piece] = event;
        }
        clFlush(queue);
    }

    /** Waits for everything enqueued before. (For reads that do not wait, JOCL would start a thread each.) */
    void download(cl_mem from, long offset, MemorySegment to) {
        for (long done = 0; done < to.byteSize(); done += PIECE) {
            long bytes = Math.min(PIECE, to.byteSize() - done);
            int piece = idle();
            clEnqueueReadBuffer(
                    queue, from, true, offset + done, bytes, Pointer.toBuffer(mapped[piece]), 0, null, null);
            MemorySegment.copy(MemorySegment.ofBuffer(mapped[piece]), 0, to, done, bytes);
        }
    }

    /** The next piece in turn, once the device has done with it. */
    private int idle() {
        int piece = next;
        next = (next + 1) % PIECES;
        await(piece);
        return piece;
    }

    private void await(int piece) {
        if (busy[piece] != null) {
            clWaitForEvents(1, new cl_event[] {busy[piece]});
            clReleaseEvent(busy[piece]);
            busy[piece] = null;
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < PIECES; i++) {
            await(i);
            clEnqueueUnmapMemObject(queue, pinned[i], mapped[i], 0, null, null);
        }
        clFinish(queue);
        for (cl_mem m : pinned) {
            clReleaseMemObject(m);
        }
    }
}
