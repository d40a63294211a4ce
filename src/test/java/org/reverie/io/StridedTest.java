package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class StridedTest {
    @Property(tries = 500)
    void everyElementIsTheOneTheStridesSay(
            @ForAll @Size(max = 4) List<@IntRange(min = 0, max = 4) Integer> extents,
            @ForAll @Size(4) List<@IntRange(min = 0, max = 12) Integer> steps,
            @ForAll @IntRange(min = 0, max = 5) int offset,
            @ForAll DType dtype)
            throws FormatException {
        int[] dims = extents.stream().mapToInt(Integer::intValue).toArray();
        Shape shape = Shape.of(dims);
        long[] strides = new long[dims.length];
        long last = offset;
        for (int i = 0; i < dims.length; i++) {
            strides[i] = steps.get(i);
            last += strides[i] * Math.max(0, dims[i] - 1);
        }
        HostTensor storage = HostTensor.allocate(dtype, Shape.of(Math.toIntExact(last + 1)));
        for (long i = 0; i <= last; i++) {
            write(storage, i, (int) i % 120);
        }
        Source source = Source.of("f", storage.data());
        HostTensor tensor = Strided.tensor(source, "t", storage.data(), dtype, shape, offset, strides);
        assertEquals(shape, tensor.shape());
        int[] index = new int[dims.length];
        for (long i = 0; i < shape.elements(); i++) {
            long at = offset;
            long rest = i;
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                index[axis] = (int) (rest % dims[axis]);
                rest /= dims[axis];
                at += index[axis] * strides[axis];
            }
            assertEquals(at % 120, tensor.get(i), "element " + Arrays.toString(index));
        }
    }

    private static void write(HostTensor t, long i, int value) {
        switch (t.dtype()) {
            case F32 -> t.data().set(HostTensor.FLOAT, i * 4, value);
            case F64 -> t.data().set(HostTensor.DOUBLE, i * 8, value);
            case F16 -> t.data().set(HostTensor.SHORT, i * 2, Float.floatToFloat16(value));
            case BF16 -> t.data().set(HostTensor.SHORT, i * 2, (short) (Float.floatToRawIntBits(value) >>> 16));
            case I32 -> t.data().set(HostTensor.INT, i * 4, value);
            case I64 -> t.data().set(HostTensor.LONG, i * 8, value);
            case U8 -> t.data().set(ValueLayout.JAVA_BYTE, i, (byte) value);
        }
    }
}
