package org.reverie.device.cpu;

import java.lang.reflect.InvocationTargetException;

/** The compute kernels at one vector width on one team of threads. */
public interface Kernels {
    /**
     * Defines the kernels for a vector width.
     *
     * @param bits 128, 256 or 512
     * @param workers threads that share the work
     */
    static Kernels create(int bits, Workers workers) {
        try {
            return (Kernels) new LaneLoader(bits)
                    .loadClass(LaneLoader.KERNELS + "KernelsImpl")
                    .getConstructor(Workers.class)
                    .newInstance(workers);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("cannot start the " + bits + "-bit kernels: " + e.getCause(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot load the " + bits + "-bit kernels: " + e, e);
        }
    }

    /** Matrix products. */
    MatrixKernels matrix();

    /** Matrix products, some of which add in an order of their own where that is faster. */
    MatrixKernels fastMatrix();

    /** Convolutions. */
    ConvKernels conv();

    /** Depthwise convolutions. */
    DepthwiseKernels depthwise();

    /** Arithmetic element by element, and updates in place. */
    PointwiseKernels pointwise();

    /** Formulas of several operations, element by element. */
    FusedKernels fused();

    /** Sums, softmax and maxima of rows and columns. */
    ReduceKernels reduce();

    /** Batch, layer and group normalisation. */
    NormKernels norm();

    /** Attention. */
    AttentionKernels attention();

    /** Resizing of images. */
    ResizeKernels resize();

    /** Pooling. */
    PoolKernels pool();

    /** Random numbers. */
    RandomKernels random();
}
