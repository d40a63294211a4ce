package org.reverie.op;

import java.lang.foreign.ValueLayout;
import org.reverie.tensor.HalfFloats;
import org.reverie.tensor.HostTensor;

/** Writing numbers of any dtype into host arrays. Out-of-range values wrap (integers) or round (floats). */
final class HostNumbers {
    private HostNumbers() {}

    static void set(HostTensor t, long i, double value) {
        switch (t.dtype()) {
            case F32 -> t.data().set(HostTensor.FLOAT, i * 4, (float) value);
            case F64 -> t.data().set(HostTensor.DOUBLE, i * 8, value);
            case F16 -> t.data().set(HostTensor.SHORT, i * 2, Float.floatToFloat16((float) value));
            case BF16 -> t.data().set(HostTensor.SHORT, i * 2, HalfFloats.floatToBf16((float) value));
            case I32 -> t.data().set(HostTensor.INT, i * 4, (int) value);
            case I64 -> t.data().set(HostTensor.LONG, i * 8, (long) value);
            case U8 -> t.data().set(ValueLayout.JAVA_BYTE, i, (byte) (int) value);
        }
    }
}
