package org.reverie.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.reverie.device.kernels.Launch;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;

/** A launch on a CUDA stream. */
final class CudaLaunch extends Launch {
    /** Where arguments stand while the driver copies them: one to a queue, used by one launch after another. */
    static final class Frame {
        private static final int PARAMETERS = 64;
        private static final int BYTES = 4096;

        private final MemorySegment values;
        private final MemorySegment addresses;

        Frame(Arena arena) {
            values = arena.allocate(BYTES, 64);
            addresses = arena.allocate(8L * PARAMETERS, 8);
        }
    }

    private static final int USUAL_GROUP = 256;

    /** Groups along the second and the third axis of a grid, at most. */
    static final int LARGEST_Y = 65_535;

    private final CudaQueue queue;
    private final Frame frame;
    private final long function;
    private int count;
    private long used;
    private int shared;

    CudaLaunch(CudaQueue queue, Frame frame, long function, String kernel) {
        super(kernel);
        this.queue = queue;
        this.frame = frame;
        this.function = function;
    }

    /** Room for the next argument. Every argument begins at a multiple of 8 bytes. */
    private long place(long bytes) {
        long place = used;
        frame.addresses.setAtIndex(ValueLayout.JAVA_LONG, count++, frame.values.address() + place);
        used += bytes + 7 & -8;
        return place;
    }

    /** Bytes of dynamic shared memory. */
    CudaLaunch shared(int bytes) {
        shared = bytes;
        return this;
    }

    /** The next argument is the address of a tensor's first element, or 0 if it is null. */
    CudaLaunch at(Tensor t) {
        argument(t == null ? 0 : address(t));
        return this;
    }

    /** The next argument is a tensor map. */
    CudaLaunch map(MemorySegment map) {
        MemorySegment.copy(map, 0, frame.values, place(map.byteSize()), map.byteSize());
        return this;
    }

    static long address(Tensor t) {
        return CudaQueue.address(t.buffer()) + t.offset() * t.dtype().bytes();
    }

    @Override
    protected void argument(Buffer buffer) {
        argument(buffer == null ? queue.nothing() : CudaQueue.address(buffer));
    }

    @Override
    protected void argument(int... fields) {
        MemorySegment.copy(fields, 0, frame.values, ValueLayout.JAVA_INT, place(4L * fields.length), fields.length);
    }

    @Override
    protected void argument(long value) {
        frame.values.set(ValueLayout.JAVA_LONG, place(8), value);
    }

    @Override
    protected int usualGroup() {
        return USUAL_GROUP;
    }

    @Override
    protected void start(long x, long y, long z, int size) {
        if (x > Integer.MAX_VALUE || y > LARGEST_Y || z > LARGEST_Y) {
            throw new IllegalArgumentException(
                    "a CUDA grid cannot have " + x + " x " + y + " x " + z + " groups (" + kernel() + ")");
        }
        frame.addresses.setAtIndex(ValueLayout.JAVA_LONG, count, 0); // by which a test sees how many there are
        queue.start(kernel(), function, (int) x, (int) y, (int) z, size, shared, frame.addresses);
    }
}
