package org.reverie.device.cpu;

import org.reverie.device.spec.ResizeTaps;

/** Resizing of contiguous tensors along one axis. */
public interface ResizeKernels {
    /**
     * {@code y[p][i][j] = Σ weight[i][t] · x[p][start[i] + t][j]} by rule 2.
     *
     * @param extent pixels of x along the axis; y has as many as there are taps
     * @param inner elements behind the axis
     */
    void along(ResizeTaps taps, int outer, int extent, int inner, long x, long y);
}
