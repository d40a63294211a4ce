package org.reverie.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Numbers at rest: a row-major, little-endian array in host memory, as files hold it. It belongs to no device and takes
 * part in no computation; readers return it, writers take it, and {@link Tensor#from} moves it onto a device.
 *
 * @param data exactly {@code shape.elements() * dtype.bytes()} bytes; need not be aligned (it may be a mapped file)
 */
public record HostTensor(DType dtype, Shape shape, MemorySegment data) {
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public HostTensor {
        long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
        if (data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    dtype + " " + shape + " takes " + bytes + " bytes, but " + data.byteSize() + " were given");
        }
    }

    /** A zero-filled array whose memory the garbage collector frees. */
    public static HostTensor allocate(DType dtype, Shape shape) {
        long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
        return new HostTensor(dtype, shape, Arena.ofAuto().allocate(bytes, 64));
    }

    public static HostTensor of(Shape shape, float... values) {
        HostTensor t = allocate(DType.F32, shape);
        MemorySegment.copy(values, 0, t.data, FLOAT, 0, Math.toIntExact(shape.elements()));
        return t;
    }

    public static HostTensor of(Shape shape, int... values) {
        HostTensor t = allocate(DType.I32, shape);
        MemorySegment.copy(values, 0, t.data, INT, 0, Math.toIntExact(shape.elements()));
        return t;
    }

    public static HostTensor of(Shape shape, long... values) {
        HostTensor t = allocate(DType.I64, shape);
        MemorySegment.copy(values, 0, t.data, LONG, 0, Math.toIntExact(shape.elements()));
        return t;
    }

    public static HostTensor of(Shape shape, byte... values) {
        HostTensor t = allocate(DType.U8, shape);
        MemorySegment.copy(values, 0, t.data, ValueLayout.JAVA_BYTE, 0, Math.toIntExact(shape.elements()));
        return t;
    }

    /** Element {@code i} in row-major order as a double, which holds every dtype's value but the largest I64 exactly. */
    public double get(long i) {
        return switch (dtype) {
            case F32 -> data.get(FLOAT, i * 4);
            case F64 -> data.get(DOUBLE, i * 8);
            case F16 -> Float.float16ToFloat(data.get(SHORT, i * 2));
            case BF16 -> HalfFloats.bf16ToFloat(data.get(SHORT, i * 2));
            case I32 -> data.get(INT, i * 4);
            case I64 -> data.get(LONG, i * 8);
            case U8 -> Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, i));
        };
    }

    /** All elements converted to float, in row-major order. */
    public float[] toFloats() {
        float[] out = new float[Math.toIntExact(shape.elements())];
        if (dtype == DType.F32) {
            MemorySegment.copy(data, FLOAT, 0, out, 0, out.length);
        } else {
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) get(i);
            }
        }
        return out;
    }

    /**
     * The same numbers as F32, F16 or BF16, rounded to nearest even (from F64 by way of F32); this one if it is of that type.
     */
    public HostTensor as(DType to) {
        if (to == dtype) {
            return this;
        }
        float[] values = toFloats();
        if (to == DType.F32) {
            return of(shape, values);
        }
        if (!to.isLow()) {
            throw new IllegalArgumentException("numbers can be had as f32, f16 and bf16, not as " + to.label());
        }
        HostTensor low = allocate(to, shape);
        for (int i = 0; i < values.length; i++) {
            short bits = to == DType.F16 ? Float.floatToFloat16(values[i]) : HalfFloats.floatToBf16(values[i]);
            low.data.set(SHORT, i * 2L, bits);
        }
        return low;
    }

    /** The same bytes under another shape with as many elements. */
    public HostTensor reshape(Shape to) {
        return new HostTensor(dtype, to, data);
    }
}
