package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.reverie.device.kernels.GraphRefusedException;

/**
 * Copies between host and device by way of pinned pieces of memory. An upload returns as soon as its bytes stand in a piece;
 * two pieces take turns, so that one is filled or emptied while the device works on the other.
 */
final class Staging {
    private static final int PIECES = 2;
    static final int PIECE = 4 << 20;

    private final CudaContext context;
    private final MemorySegment[] piece = new MemorySegment[PIECES];
    private final long[] done = new long[PIECES];
    private final List<Long> kept = new ArrayList<>();
    private int next;

    Staging(CudaContext context) {
        this.context = context;
        CudaDriver driver = context.driver();
        for (int i = 0; i < PIECES; i++) {
            long address = context.call(() -> driver.allocatePinned(PIECE));
            piece[i] = MemorySegment.ofAddress(address).reinterpret(PIECE);
            done[i] = context.call(driver::createEvent);
        }
    }

    void upload(MemorySegment from, long to) {
        if (context.isCapturing()) {
            keep(from, to);
            return;
        }
        for (long at = 0; at < from.byteSize(); at += PIECE) {
            long bytes = Math.min(PIECE, from.byteSize() - at);
            int p = idle();
            MemorySegment.copy(from, at, piece[p], 0, bytes);
            long target = to + at;
            context.run(() -> {
                context.driver().copyToDevice(target, piece[p].address(), bytes, context.stream());
                context.driver().record(done[p], context.stream());
            });
        }
    }

    /** The graph that is being made uploads these bytes whenever it runs, so they stay in memory of their own. */
    private void keep(MemorySegment from, long to) {
        if (from.byteSize() == 0) {
            return;
        }
        CudaDriver driver = context.driver();
        long copy = context.call(() -> driver.allocatePinned(from.byteSize()));
        kept.add(copy);
        MemorySegment.ofAddress(copy).reinterpret(from.byteSize()).copyFrom(from);
        context.run(() -> driver.copyToDevice(to, copy, from.byteSize(), context.stream()));
    }

    /** What the graph that is being made uploads; whoever takes it frees it. */
    List<Long> takeKept() {
        List<Long> all = List.copyOf(kept);
        kept.clear();
        return all;
    }

    /** Waits for everything enqueued before. */
    void download(long from, MemorySegment to) {
        if (context.isCapturing()) {
            throw new GraphRefusedException("a graph cannot bring anything back to the host");
        }
        int last = -1;
        for (long at = 0; at < to.byteSize(); at += PIECE) {
            long bytes = Math.min(PIECE, to.byteSize() - at);
            int p = idle();
            long source = from + at;
            context.run(() -> {
                context.driver().copyToHost(piece[p].address(), source, bytes, context.stream());
                context.driver().record(done[p], context.stream());
            });
            if (last >= 0) {
                copyOut(last, to, at - PIECE);
            }
            last = p;
        }
        if (last >= 0) {
            copyOut(last, to, (to.byteSize() - 1) / PIECE * PIECE);
        }
    }

    private void copyOut(int p, MemorySegment to, long at) {
        context.awaitKernels(done[p]);
        MemorySegment.copy(piece[p], 0, to, at, Math.min(PIECE, to.byteSize() - at));
    }

    /** The next piece in turn, once the device has done with it. */
    private int idle() {
        int p = next;
        next = (next + 1) % PIECES;
        context.run(() -> context.driver().await(done[p]));
        return p;
    }

    void close() {
        for (int i = 0; i < PIECES; i++) {
            int p = i;
            context.release(() -> context.driver().destroyEvent(done[p]));
            context.release(() -> context.driver().freePinned(piece[p].address()));
        }
    }
}
