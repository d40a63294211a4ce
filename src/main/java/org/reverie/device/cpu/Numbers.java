package org.reverie.device.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.reverie.tensor.DType;
import org.reverie.tensor.HalfFloats;

/** Single numbers of any dtype at addresses, as doubles: all dtypes but large I64 are exact in them. */
final class Numbers {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Numbers() {}

    static double get(DType type, long address, long i) {
        return switch (type) {
            case F32 -> MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address + 4 * i);
            case F64 -> MEMORY.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, address + 8 * i);
            case F16 -> Float.float16ToFloat(MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address + 2 * i));
            case BF16 -> Float.intBitsToFloat(MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address + 2 * i) << 16);
            case I32 -> MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address + 4 * i);
            case I64 -> MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address + 8 * i);
            case U8 -> MEMORY.get(ValueLayout.JAVA_BYTE, address + i) & 0xff;
        };
    }

    /** Out-of-range values wrap (U8), are held to the range (I32, I64) or round (floats). */
    static void set(DType type, long address, long i, double value) {
        switch (type) {
            case F32 -> MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address + 4 * i, (float) value);
            case F64 -> MEMORY.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, address + 8 * i, value);
            case F16 ->
                MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address + 2 * i, Float.floatToFloat16((float) value));
            case BF16 ->
                MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address + 2 * i, HalfFloats.floatToBf16((float) value));
            case I32 -> MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, address + 4 * i, (int) value);
            case I64 -> MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, address + 8 * i, (long) value);
            case U8 -> MEMORY.set(ValueLayout.JAVA_BYTE, address + i, (byte) (int) value);
        }
    }

    static float getFloat(long address) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    static void setFloat(long address, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }

    static int getInt(long address) {
        return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    static long getLong(long address) {
        return MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    static int getByte(long address) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, address);
    }

    static void setByte(long address, boolean value) {
        MEMORY.set(ValueLayout.JAVA_BYTE, address, (byte) (value ? 1 : 0));
    }

    /** Copies {@code n} floats. */
    static void copyFloats(long from, long to, int n) {
        if (n >= 16) {
            MemorySegment.copy(MEMORY, from, MEMORY, to, 4L * n);
            return;
        }
        for (int i = 0; i < n; i++) {
            setFloat(to + 4L * i, getFloat(from + 4L * i));
        }
    }

    /** {@code to[i] += from[i]}. */
    static void addFloats(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            setFloat(to + 4L * i, getFloat(to + 4L * i) + getFloat(from + 4L * i));
        }
    }
}
