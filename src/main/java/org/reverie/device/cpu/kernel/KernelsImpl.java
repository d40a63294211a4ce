package org.reverie.device.cpu.kernel;

import org.reverie.device.cpu.AttentionKernels;
import org.reverie.device.cpu.ConvKernels;
import org.reverie.device.cpu.DepthwiseKernels;
import org.reverie.device.cpu.FusedKernels;
import org.reverie.device.cpu.Kernels;
import org.reverie.device.cpu.MatrixKernels;
import org.reverie.device.cpu.NormKernels;
import org.reverie.device.cpu.PointwiseKernels;
import org.reverie.device.cpu.PoolKernels;
import org.reverie.device.cpu.RandomKernels;
import org.reverie.device.cpu.ReduceKernels;
import org.reverie.device.cpu.ResizeKernels;
import org.reverie.device.cpu.Workers;

/** The entry point of this width's copy of the kernels. */
public final class KernelsImpl implements Kernels {
    private final MatrixKernels matrix;
    private final MatrixKernels fastMatrix;
    private final ConvKernels conv;
    private final DepthwiseKernels depthwise;
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;
    private final ReduceKernels reduce;
    private final ResizeKernels resize;
    private final AttentionKernels attention;
    private final NormKernels norm;
    private final PoolKernels pool;
    private final RandomKernels random;

    /** Kernels on these threads. */
    public KernelsImpl(Workers workers) {
        Contraction contraction = new Contraction(workers);
        MatrixProducts products = new MatrixProducts(contraction, false);
        Depthwise channels = new Depthwise(workers);
        matrix = products;
        fastMatrix = new MatrixProducts(contraction, true);
        conv = new Convolutions(contraction);
        depthwise = channels;
        pointwise = new Elements(workers);
        fused = new Formulas(workers);
        reduce = new Reductions(workers);
        resize = new Resizing(workers);
        attention = new Attentions(workers);
        norm = new Normalizations(workers);
        pool = new Pools(workers, channels, products);
        random = new RandomNumbers(workers);
    }

    @Override
    public MatrixKernels matrix() {
        return matrix;
    }

    @Override
    public MatrixKernels fastMatrix() {
        return fastMatrix;
    }

    @Override
    public ConvKernels conv() {
        return conv;
    }

    @Override
    public DepthwiseKernels depthwise() {
        return depthwise;
    }

    @Override
    public PointwiseKernels pointwise() {
        return pointwise;
    }

    @Override
    public FusedKernels fused() {
        return fused;
    }

    @Override
    public AttentionKernels attention() {
        return attention;
    }

    @Override
    public ResizeKernels resize() {
        return resize;
    }

    @Override
    public ReduceKernels reduce() {
        return reduce;
    }

    @Override
    public NormKernels norm() {
        return norm;
    }

    @Override
    public PoolKernels pool() {
        return pool;
    }

    @Override
    public RandomKernels random() {
        return random;
    }
}
