package org.reverie.device.kernels;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Buffer;

/** A device's queue, which runs kernels and copies in the order in which they are enqueued. */
public interface KernelQueue {
    /** A launch of a kernel of {@code kernels/common/FAMILY.h}. */
    Launch launch(String family, String kernel);

    /** Whether kernels may compute in binary64, which only conversions and comparisons of other dtypes need. */
    boolean hasBinary64();

    /** Returns as soon as the bytes may change. */
    void upload(MemorySegment from, Buffer to, long offset);

    /** Waits for everything that was enqueued before. */
    void download(Buffer from, long offset, MemorySegment to);

    /** Work items in a group that makes a sum: one to a lane, or one for all lanes where vectors run along an array of them. */
    default int summers() {
        return 32;
    }

    /** Work items that a group may have. */
    int largestGroup();

    /** What was enqueued between {@link Graphs#begin} and {@link Graphs#end}: it can be enqueued again as one. */
    interface Graph {
        void launch();

        void close();
    }

    /** Makes graphs, one after the other. */
    interface Graphs {
        /** From now on nothing that is enqueued is done, and what is uploaded is kept; waiting and downloads are refused. */
        void begin();

        Graph end();

        /** Forgets what was enqueued since {@link #begin}. */
        void drop();
    }

    /** Null where there are none. */
    default Graphs graphs() {
        return null;
    }
}
