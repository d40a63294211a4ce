package org.reverie.device.cpu.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.reverie.device.cpu.LaneLoader;

/** The vector width of this copy of the kernels (see {@link LaneLoader}), and loads and stores by address. */
final class Lanes {
    static final VectorSpecies<Float> F;
    static final VectorSpecies<Integer> I;
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** All of memory: kernels check bounds once, before the loop, and then address it directly. */
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static {
        VectorShape shape = Lanes.class.getClassLoader() instanceof LaneLoader loader
                ? VectorShape.forBitSize(loader.bits())
                : VectorShape.preferredShape();
        F = VectorSpecies.of(float.class, shape);
        I = VectorSpecies.of(int.class, shape);
    }

    /** Floats in one vector. */
    static final int N = F.length();

    private Lanes() {}

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, MEMORY, address, ORDER);
    }

    static void store(FloatVector v, long address) {
        v.intoMemorySegment(MEMORY, address, ORDER);
    }

    /** The first {@code count} lanes from memory, +0 in the others; all lanes if {@code count} is N or more. */
    static FloatVector loadFirst(long address, int count) {
        return count >= N
                ? load(address)
                : FloatVector.fromMemorySegment(F, MEMORY, address, ORDER, F.indexInRange(0, count));
    }

    /** Stores the first {@code count} lanes; all if {@code count} is N or more. */
    static void storeFirst(FloatVector v, long address, int count) {
        if (count >= N) {
            store(v, address);
        } else {
            v.intoMemorySegment(MEMORY, address, ORDER, F.indexInRange(0, count));
        }
    }

    static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(I, MEMORY, address, ORDER);
    }

    static float get(long address) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    static void set(long address, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }
}
