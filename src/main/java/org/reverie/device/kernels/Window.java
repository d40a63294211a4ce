package org.reverie.device.kernels;

import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.Shape;

/** The struct of {@code kernels/common/window.h}. */
public final class Window {
    private Window() {}

    /** Of a convolution from x to y. */
    public static int[] words(ConvSpec s, Shape x, Shape y, int kernelHeight, int kernelWidth) {
        return new int[] {
            x.dim(1),
            x.dim(2),
            x.dim(3),
            y.dim(1),
            y.dim(2),
            y.dim(3),
            kernelHeight,
            kernelWidth,
            s.strideH(),
            s.strideW(),
            s.dilationH(),
            s.dilationW(),
            s.padTop(),
            s.padLeft()
        };
    }
}
