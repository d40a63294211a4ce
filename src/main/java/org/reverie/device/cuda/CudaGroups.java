package org.reverie.device.cuda;

import org.reverie.device.kernels.Ending;
import org.reverie.device.spec.ConvSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/** Exact convolutions of narrow groups, and their input gradients: {@code kernels/cuda/groups.cuh}. */
final class CudaGroups {
    private static final String FAMILY = "tiles";
    private static final int QUAD = 4;

    /** Neighbouring pixels of a thread, as the kernels have it. */
    private static final int PIXELS = 4;

    /** Of wider groups half a tile is full. */
    private static final int WIDEST = 28;

    private final CudaQueue queue;

    CudaGroups(CudaQueue queue) {
        this.queue = queue;
    }

    /** @param weight [O, KH, KW, C / groups] of the convolution from x to y, or what lies in their places in a gradient */
    static boolean takes(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        int channels = x.dim(3) / s.groups();
        int outputs = y.dim(3) / s.groups();
        int widest = Math.max(channels, outputs);
        return s.groups() > 1
                && (channels | outputs) % QUAD == 0
                && widest <= WIDEST
                && weight.dim(1) * weight.dim(2) * widest <= Contract.CHUNK
                && (x.offset() | weight.offset() | y.offset()) % QUAD == 0;
    }

    /** The struct Groups of the kernels. */
    static int[] words(Tensor weight, int own, int all) {
        return new int[] {weight.dim(1), own, all};
    }

    void forward(ConvSpec s, Tensor x, Tensor weight, Ending ending, Tensor y) {
        long items = (long) y.dim(0) * y.dim(1) * Math.ceilDiv(y.dim(2), PIXELS) * (y.dim(3) / QUAD);
        queue.launch(FAMILY, "group_windows")
                .dense(y)
                .i(items)
                .words(CudaTiles.window(s, x, y, weight.dim(2)))
                .words(words(weight, y.dim(3) / s.groups(), y.dim(3)))
                .dense(x)
                .dense(weight)
                .ending(ending)
                .items(items);
    }

    void back(ConvSpec s, Tensor g, Tensor weight, Ending ending, Tensor dx) {
        int strips = Math.ceilDiv(Math.ceilDiv(dx.dim(2), s.strideW()), PIXELS) * s.strideW();
        long items = (long) dx.dim(0) * dx.dim(1) * strips * (dx.dim(3) / QUAD);
        queue.launch(FAMILY, "group_back")
                .dense(dx)
                .i(items)
                .words(new int[] {
                    g.dim(1),
                    g.dim(2),
                    g.dim(3) / s.groups(),
                    g.dim(3),
                    dx.dim(1),
                    dx.dim(2),
                    s.strideH(),
                    s.strideW(),
                    s.padTop(),
                    s.padLeft(),
                    s.dilationH(),
                    s.dilationW(),
                    weight.dim(2)
                })
                .words(words(weight, dx.dim(3) / s.groups(), dx.dim(3)))
                .dense(g)
                .dense(weight)
                .biasAlone(ending)
                .items(items);
    }
}
