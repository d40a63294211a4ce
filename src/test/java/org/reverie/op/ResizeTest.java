package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.ResizeSpec.Mode;
import org.reverie.device.spec.ResizeTaps;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Resizing one row of pixels, worked out by hand. */
class ResizeTest {
    private static float[] resize(Mode mode, int out, float... row) {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = Tensor.of(cpu, Shape.of(1, 1, row.length, 1), row);
            Tensor y = mode == Mode.NEAREST ? Resize.nearest2d(x, 1, out) : Resize.bilinear2d(x, 1, out, mode);
            return y.toFloats();
        }
    }

    @Test
    void nearestTakesThePixelBelow() {
        assertArrayEquals(new float[] {1, 1, 2, 2, 3, 3}, resize(Mode.NEAREST, 6, 1, 2, 3));
        assertArrayEquals(new float[] {1, 2, 4}, resize(Mode.NEAREST, 3, 1, 2, 3, 4, 5));
    }

    @Test
    void alignedCornersKeepBothEnds() {
        assertArrayEquals(new float[] {0, 0.5f, 1, 3, 5}, resize(Mode.ALIGN_CORNERS, 5, 0, 1, 5));
        assertArrayEquals(new float[] {7}, resize(Mode.ALIGN_CORNERS, 1, 7, 8));
    }

    @Test
    void halfPixelsClampAtTheEdges() {
        assertArrayEquals(new float[] {0, 1, 3, 4}, resize(Mode.HALF_PIXEL, 4, 0, 4));
        assertArrayEquals(new float[] {2, 10}, resize(Mode.HALF_PIXEL, 2, 0, 4, 8, 12));
    }

    @Test
    void antialiasWidensTheTriangleAsPillowDoes() {
        ResizeTaps taps = ResizeTaps.of(Mode.ANTIALIAS, 4, 2);
        assertArrayEquals(new int[] {0, 1}, taps.start());
        assertArrayEquals(new float[] {3 / 7f, 3 / 7f, 1 / 7f}, taps.weight()[0]);
        assertArrayEquals(new float[] {1 / 7f, 3 / 7f, 3 / 7f}, taps.weight()[1]);
        assertArrayEquals(resize(Mode.HALF_PIXEL, 7, 3, 1, 4), resize(Mode.ANTIALIAS, 7, 3, 1, 4), 1e-6f);
    }

    @Test
    void anInfinitePixelStaysWhereItIs() {
        float inf = Float.POSITIVE_INFINITY;
        assertArrayEquals(new float[] {1, 1.5f, 2, inf, inf}, resize(Mode.ALIGN_CORNERS, 5, 1, 2, inf));
    }

    @Test
    void transposedTapsAreTheColumnsOfTheMatrix() {
        ResizeTaps taps = ResizeTaps.of(Mode.ALIGN_CORNERS, 3, 5).transposed(3);
        assertArrayEquals(new int[] {0, 1, 3}, taps.start());
        assertArrayEquals(new float[] {1, 0.5f}, taps.weight()[0]);
        assertArrayEquals(new float[] {0.5f, 1, 0.5f}, taps.weight()[1]);
        assertArrayEquals(new float[] {0.5f, 1}, taps.weight()[2]);
        assertEquals(0, ResizeTaps.of(Mode.NEAREST, 4, 2).transposed(4).weight()[1].length);
    }
}
