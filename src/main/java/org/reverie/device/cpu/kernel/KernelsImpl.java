package org.reverie.device.cpu.kernel;

import org.reverie.device.cpu.Kernels;
import org.reverie.device.cpu.MatrixKernels;
import org.reverie.device.cpu.Workers;

/** The entry point of this width's copy of the kernels. */
public final class KernelsImpl implements Kernels {
    private final MatrixKernels matrix;

    /** Kernels on these threads. */
    public KernelsImpl(Workers workers) {
        matrix = new MatrixProducts(new Contraction(workers));
    }

    @Override
    public MatrixKernels matrix() {
        return matrix;
    }
}
