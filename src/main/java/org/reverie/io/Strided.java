package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Arrays whose elements lie at any strides: kept as they are if that is row-major order, copied into it otherwise. */
final class Strided {
    private Strided() {}

    /**
     * @param data elements of {@code dtype}
     * @param offset of the first element, in elements
     * @param strides in elements, one for each axis; 0 repeats
     * @return a view of {@code data} if the elements are in row-major order there, else a copy paid from the allowance
     */
    static HostTensor tensor(
            Source source, String place, MemorySegment data, DType dtype, Shape shape, long offset, long[] strides)
            throws FormatException {
        checkInside(source, place, data.byteSize() / dtype.bytes(), shape, offset, strides);
        long bytes = shape.elements() * dtype.bytes();
        if (bytes == 0 || rowMajor(shape, strides)) {
            return new HostTensor(dtype, shape, data.asSlice(bytes == 0 ? 0 : offset * dtype.bytes(), bytes));
        }
        MemorySegment copy = source.allocate(bytes, place);
        copy(data, offset, strides, copy, dtype.bytes(), shape);
        return new HostTensor(dtype, shape, copy);
    }

    private static void checkInside(Source source, String place, long count, Shape shape, long offset, long[] strides)
            throws FormatException {
        boolean inside = strides.length == shape.rank() && offset >= 0 && offset <= count;
        if (inside && shape.elements() > 0) {
            long room = count - offset - 1; // how far beyond the first element the last one may lie
            inside = room >= 0;
            for (int i = 0; inside && i < strides.length; i++) {
                long steps = shape.dim(i) - 1;
                inside = strides[i] >= 0 && (steps == 0 || strides[i] <= room / steps);
                room -= inside && steps > 0 ? strides[i] * steps : 0;
            }
        }
        if (!inside) {
            throw source.bad(
                    place,
                    "shape " + shape + " with strides " + Arrays.toString(strides) + " at element " + offset
                            + " does not lie inside its storage of " + count + " elements");
        }
    }

    private static boolean rowMajor(Shape shape, long[] strides) {
        long step = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            if (shape.dim(i) != 1 && strides[i] != step) {
                return false;
            }
            step *= shape.dim(i);
        }
        return true;
    }

    private static void copy(
            MemorySegment from, long offset, long[] strides, MemorySegment to, int width, Shape shape) {
        int rank = shape.rank();
        int inner = shape.dim(-1);
        long stride = strides[rank - 1];
        int[] index = new int[rank];
        long at = offset;
        for (long out = 0; out < to.byteSize(); out += (long) inner * width) {
            copyRow(from, at * width, stride * width, to, out, width, inner);
            for (int axis = rank - 2; axis >= 0; axis--) {
                at += strides[axis];
                if (++index[axis] < shape.dim(axis)) {
                    break;
                }
                at -= strides[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }

    private static void copyRow(
            MemorySegment from, long at, long step, MemorySegment to, long out, int width, int count) {
        if (step == width) {
            MemorySegment.copy(from, at, to, out, (long) count * width);
            return;
        }
        for (int i = 0; i < count; i++) {
            long a = at + i * step;
            long b = out + (long) i * width;
            switch (width) {
                case 1 -> to.set(ValueLayout.JAVA_BYTE, b, from.get(ValueLayout.JAVA_BYTE, a));
                case 2 -> to.set(HostTensor.SHORT, b, from.get(HostTensor.SHORT, a));
                case 4 -> to.set(HostTensor.INT, b, from.get(HostTensor.INT, a));
                default -> to.set(HostTensor.LONG, b, from.get(HostTensor.LONG, a));
            }
        }
    }
}
