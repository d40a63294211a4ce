package org.reverie.device.kernels;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.reverie.device.Indices;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/**
 * Checks of indices on the device without waiting for it. The first index that is out of range is written down there, and
 * refused, in the words of {@link Indices}, when the host next reads anything; until then kernels take index 0 for it.
 */
public final class IndexChecks {
    /** Bytes of the note: number of the check, position, index. */
    public static final long NOTE = 3 * 8;

    private static final int CHECKERS = 64;

    private record Check(String op, int extent) {}

    private final KernelQueue queue;
    private final Buffer note;
    private final List<Check> pending = new ArrayList<>();
    private final List<Check> recorded = new ArrayList<>();
    private boolean recording;
    private boolean replayed;

    /** @param note {@link #NOTE} bytes on the device */
    public IndexChecks(KernelQueue queue, Buffer note) {
        this.queue = queue;
        this.note = note;
        clear();
    }

    private void clear() {
        queue.upload(MemorySegment.ofArray(new long[3]), note, 0);
    }

    /** Every index must be in 0 … extent − 1. */
    void check(String op, Tensor index, int extent) {
        List<Check> list = recording ? recorded : pending;
        list.add(new Check(op, extent));
        queue.launch("indexing", "check_indices")
                .memory(index)
                .flag(index.dtype() == DType.I64)
                .view(View.of(index))
                .i(index.elements())
                .l(extent < 0 ? Long.MAX_VALUE : extent)
                .l(recording ? -list.size() : list.size())
                .memory(note)
                .groups(1, CHECKERS);
    }

    /** Whether checks are part of a recording: their numbers, which are negative, then stay theirs. */
    void record(boolean on) {
        recording = on;
    }

    /** A recording is started, which may have checks in it. */
    void replay() {
        replayed = !recorded.isEmpty();
    }

    /** No row may be negative. */
    void checkRows(String op, Tensor rows) {
        check(op, rows, -1);
    }

    /** Throws if a check since the last call has found something. Waits for the device, but only if there was a check. */
    public void report() {
        if (pending.isEmpty() && !replayed) {
            return;
        }
        long[] found = new long[3];
        queue.download(note, 0, MemorySegment.ofArray(found));
        int number = (int) found[0];
        Check check = number == 0 ? null : number > 0 ? pending.get(number - 1) : recorded.get(-number - 1);
        pending.clear();
        replayed = false;
        if (check == null) {
            return;
        }
        clear();
        if (check.extent < 0) {
            throw new IllegalArgumentException(
                    String.format("%s: row %d at position %d is negative", check.op, found[2], found[1]));
        }
        Indices.check(check.op, found[2], found[1], check.extent);
    }
}
