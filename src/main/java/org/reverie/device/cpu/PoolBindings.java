package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.PoolGradientSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The pooling ops on the pooling kernels. */
final class PoolBindings {
    private final PoolKernels kernels;
    private final Workers workers;

    PoolBindings(PoolKernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("max_pool2d", this::max);
        table.put("max_pool2d_gradient", this::maxGradient);
        table.put("max_pool2d_select", this::maxSelect);
        table.put("avg_pool2d", this::average);
        table.put("avg_pool2d_gradient", this::averageGradient);
        table.put("global_avg_pool", this::globalAverage);
        table.put("weighted_pool", this::weighted);
    }

    private static PoolKernels.Windows windows(PoolSpec s, Shape x, Shape y) {
        return new PoolKernels.Windows(
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                y.dim(1),
                y.dim(2),
                s.kernelH(),
                s.kernelW(),
                s.strideH(),
                s.strideW(),
                s.padTop(),
                s.padLeft());
    }

    private void max(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            PoolKernels.Windows w = windows(call.attributes(PoolSpec.class), x.shape(), y.shape());
            kernels.max(w, Operands.address(x), Operands.address(y));
        }
    }

    private void maxGradient(KernelCall call) {
        Tensor dx = call.out(0);
        if (dx.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor g = Operands.contiguous(call.in(1));
            PoolKernels.Windows w = windows(call.attributes(PoolSpec.class), x.shape(), g.shape());
            kernels.maxGradient(w, Operands.address(x), Operands.address(g), Operands.address(dx));
        }
    }

    /** By scalar loops: only derivatives of derivatives come here. */
    private void maxSelect(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor v = Operands.contiguous(call.in(1));
            PoolKernels.Windows w = windows(call.attributes(PoolSpec.class), x.shape(), y.shape());
            workers.parallelFor(w.batch() * w.outHeight(), (task, worker) -> {
                int image = task / w.outHeight();
                long to = Operands.address(y) + 4L * task * w.outWidth() * w.channels();
                for (int j = 0; j < w.outWidth(); j++) {
                    for (int c = 0; c < w.channels(); c++) {
                        long at = largest(w, Operands.address(x), image, task % w.outHeight(), j, c);
                        Numbers.setFloat(to, Numbers.getFloat(Operands.address(v) + 4 * at));
                        to += 4;
                    }
                }
            });
        }
    }

    /** The element with the first NaN of a window, else the first of its largest. */
    private static long largest(PoolKernels.Windows w, long x, int image, int i, int j, int channel) {
        int top = i * w.strideH() - w.padTop();
        int left = j * w.strideW() - w.padLeft();
        long best = -1;
        float most = 0;
        for (int r = Math.max(0, top); r < Math.min(w.height(), top + w.kernelH()); r++) {
            for (int q = Math.max(0, left); q < Math.min(w.width(), left + w.kernelW()); q++) {
                long at = (((long) image * w.height() + r) * w.width() + q) * w.channels() + channel;
                float value = Numbers.getFloat(x + 4 * at);
                if (best < 0 || value > most || Float.isNaN(value) && !Float.isNaN(most)) {
                    best = at;
                    most = value;
                }
            }
        }
        return best;
    }

    private void average(KernelCall call) {
        PoolSpec s = call.attributes(PoolSpec.class);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            PoolKernels.Windows w = windows(s, x.shape(), y.shape());
            kernels.average(w, count(s, w), Operands.address(x), Operands.address(y));
        }
    }

    private void averageGradient(KernelCall call) {
        PoolSpec s = call.attributes(PoolGradientSpec.class).pool();
        Tensor dx = call.out(0);
        if (dx.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor g = Operands.contiguous(call.in(0));
            PoolKernels.Windows w = windows(s, dx.shape(), g.shape());
            kernels.averageGradient(w, count(s, w), Operands.address(g), Operands.address(dx));
        }
    }

    private static PoolKernels.Count count(PoolSpec s, PoolKernels.Windows w) {
        return (i, j) -> s.count(i, j, w.height(), w.width());
    }

    private void globalAverage(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int pixels = x.dim(1) * x.dim(2);
            kernels.globalAverage(x.dim(0), pixels, x.dim(3), Operands.address(x), Operands.address(y));
        }
    }

    private void weighted(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor rows = Operands.contiguous(call.in(1));
            Tensor columns = Operands.contiguous(call.in(2));
            int height = x.dim(1);
            int width = x.dim(2);
            long weights = Operands.address(Tensor.empty(x.device(), DType.F32, Shape.of(height, width)));
            for (int i = 0; i < height; i++) {
                float row = Numbers.getFloat(Operands.address(rows) + 4L * i);
                for (int j = 0; j < width; j++) {
                    float column = Numbers.getFloat(Operands.address(columns) + 4L * j);
                    Numbers.setFloat(weights + 4L * (i * width + j), row * column);
                }
            }
            kernels.weighted(x.dim(0), height * width, x.dim(3), Operands.address(x), weights, Operands.address(y));
        }
    }
}
