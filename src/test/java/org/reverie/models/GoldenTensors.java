package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.reverie.nn.WeightLayout;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Golden files hold images as NCHW. */
final class GoldenTensors {
    private GoldenTensors() {}

    static HostTensor toNhwc(HostTensor t) {
        return WeightLayout.CONV.fromFile(t);
    }

    /** max |expected − actual| / max |expected|; the expected NCHW tensor may have trailing axes of extent 1. */
    static double relativeError(HostTensor expected, HostTensor actual) {
        HostTensor e = expected.shape().rank() == 4 ? toNhwc(expected) : expected;
        if (actual.shape().rank() == 2) {
            e = e.reshape(Shape.of(
                    e.shape().dim(0), (int) (e.shape().elements() / e.shape().dim(0))));
        }
        assertEquals(e.shape(), actual.shape());
        double worst = 0;
        double largest = 0;
        for (long i = 0; i < e.shape().elements(); i++) {
            worst = Math.max(worst, Math.abs(e.get(i) - actual.get(i)));
            largest = Math.max(largest, Math.abs(e.get(i)));
        }
        return worst / largest;
    }
}
