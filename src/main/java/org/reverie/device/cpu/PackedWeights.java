package org.reverie.device.cpu;

import java.util.function.Supplier;
import org.reverie.device.HostBuffer;
import org.reverie.tensor.Tensor;

/**
 * Weights in the order in which a product reads them, kept with the weights' buffer. Only a frozen buffer keeps them, so they can't
 * grow stale; every vector width, being another object, has its own.
 */
final class PackedWeights {
    private PackedWeights() {}

    private record Convolution(ConvKernels kernels, long offset, int terms, int outputs, int groups) {}

    private record Matrix(MatrixKernels kernels, long offset, int outputs, int inputs) {}

    /** A convolution's weights packed, or null if they are not frozen. */
    static float[] of(ConvKernels kernels, ConvGeometry g, Tensor w) {
        if (!w.buffer().isFrozen()) {
            return null;
        }
        Object key = new Convolution(kernels, w.offset(), g.terms(), g.outChannels(), g.groups());
        return kept(w, key, () -> kernels.pack(g, Operands.address(w)));
    }

    /** A linear layer's weights [n, k] packed, or null if they are not frozen or do not lie in row-major order. */
    static float[] of(MatrixKernels kernels, Tensor w) {
        if (!w.buffer().isFrozen() || !w.isContiguous()) {
            return null;
        }
        int n = w.dim(0);
        int k = w.dim(1);
        Strided b = Strided.rows(Operands.address(w), k).transposed();
        return kept(w, new Matrix(kernels, w.offset(), n, k), () -> kernels.pack(k, n, b));
    }

    private static float[] kept(Tensor w, Object key, Supplier<float[]> pack) {
        return ((HostBuffer) w.buffer()).derived(key, float[].class, pack);
    }
}
