package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.PoolGradientSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.device.spec.ResampleSpec;
import org.reverie.device.spec.ResizeGradientSpec;
import org.reverie.device.spec.ResizeSpec;
import org.reverie.device.spec.ResizeTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Pooling and resizing of images: {@code kernels/common/pool.h}. */
final class PoolBindings {
    private static final String FAMILY = "pool";

    private final KernelQueue queue;

    PoolBindings(KernelQueue queue) {
        this.queue = queue;
    }

    void register(Map<String, Binding> table) {
        table.put("max_pool2d", call -> maximum(call, call.in(0)));
        table.put("max_pool2d_select", call -> maximum(call, call.in(1)));
        table.put("max_pool2d_gradient", this::maximumGradient);
        table.put("avg_pool2d", this::average);
        table.put("avg_pool2d_gradient", this::averageGradient);
        table.put("weighted_pool", this::weighted);
        table.put("resample_bytes", this::resample);
        table.put("resize2d", this::resize);
        table.put("resize2d_gradient", this::resizeGradient);
    }

    /** The struct Pool of the kernels, for an image and a result of these shapes. */
    private static int[] geometry(PoolSpec s, Shape x, Shape y) {
        return new int[] {
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
            s.padLeft(),
            s.padBottom(),
            s.padRight(),
            s.countIncludePad() ? 1 : 0
        };
    }

    private void maximum(KernelCall call, Tensor from) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        queue.launch(FAMILY, "max_pool")
                .dense(y)
                .i(y.elements())
                .words(geometry(call.attributes(PoolSpec.class), x.shape(), y.shape()))
                .view(x)
                .view(from)
                .items(y.elements());
    }

    private void maximumGradient(KernelCall call) {
        Tensor dx = call.out(0);
        Tensor g = call.in(1);
        queue.launch(FAMILY, "max_pool_back")
                .dense(dx)
                .i(dx.elements())
                .words(geometry(call.attributes(PoolSpec.class), dx.shape(), g.shape()))
                .view(call.in(0))
                .view(g)
                .items(dx.elements());
    }

    private void average(KernelCall call) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        queue.launch(FAMILY, "average_pool")
                .dense(y)
                .i(y.elements())
                .words(geometry(call.attributes(PoolSpec.class), x.shape(), y.shape()))
                .view(x)
                .items(y.elements());
    }

    private void averageGradient(KernelCall call) {
        Tensor dx = call.out(0);
        Tensor g = call.in(0);
        queue.launch(FAMILY, "average_pool_back")
                .dense(dx)
                .i(dx.elements())
                .words(geometry(call.attributes(PoolGradientSpec.class).pool(), dx.shape(), g.shape()))
                .view(g)
                .items(dx.elements());
    }

    private void weighted(KernelCall call) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        queue.launch(FAMILY, "op_weighted_pool")
                .dense(y)
                .i(y.elements())
                .view(x)
                .view(call.in(1))
                .view(call.in(2))
                .i(x.dim(1))
                .i(x.dim(2))
                .i(x.dim(3))
                .items(y.elements());
    }

    private void resample(KernelCall call) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        queue.launch(FAMILY, "op_resample_bytes")
                .dense(y)
                .i(y.elements())
                .view(x)
                .view(call.in(1))
                .view(call.in(2))
                .i(call.in(2).dim(1))
                .view(call.in(3))
                .view(call.in(4))
                .i(call.in(4).dim(1))
                .view(call.in(5))
                .i(x.dim(1))
                .i(x.dim(2))
                .i(x.dim(3))
                .i(y.dim(1))
                .i(y.dim(2))
                .flag(call.attributes(ResampleSpec.class).reversed())
                .items(y.elements());
    }

    private void resize(KernelCall call) {
        ResizeSpec s = call.attributes(ResizeSpec.class);
        Tensor x = call.in(0);
        resize(call, ResizeTaps.of(s.mode(), x.dim(1), s.height()), ResizeTaps.of(s.mode(), x.dim(2), s.width()));
    }

    private void resizeGradient(KernelCall call) {
        ResizeGradientSpec s = call.attributes(ResizeGradientSpec.class);
        ResizeTaps rows =
                ResizeTaps.of(s.resize().mode(), s.height(), s.resize().height());
        ResizeTaps columns =
                ResizeTaps.of(s.resize().mode(), s.width(), s.resize().width());
        resize(call, rows.transposed(s.height()), columns.transposed(s.width()));
    }

    /** Every row first, then every column of the result. */
    private void resize(KernelCall call, ResizeTaps rows, ResizeTaps columns) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor wide = Tensor.empty(y.device(), DType.F32, y.shape().with(1, x.dim(1)));
            along(x, columns, x.dim(2), x.dim(3), wide);
            along(wide, rows, x.dim(1), y.dim(2) * y.dim(3), y);
        }
    }

    private void along(Tensor x, ResizeTaps taps, int extent, int inner, Tensor y) {
        int outputs = taps.start().length;
        HostTensor start = HostTensor.allocate(DType.I32, Shape.of(outputs));
        HostTensor first = HostTensor.allocate(DType.I32, Shape.of(outputs + 1));
        int count = 0;
        for (int o = 0; o < outputs; o++) {
            start.data().set(HostTensor.INT, 4L * o, taps.start()[o]);
            count += taps.weight()[o].length;
            first.data().set(HostTensor.INT, 4L * (o + 1), count);
        }
        HostTensor weight = HostTensor.allocate(DType.F32, Shape.of(count));
        int at = 0;
        for (float[] row : taps.weight()) {
            for (float w : row) {
                weight.data().set(HostTensor.FLOAT, 4L * at++, w);
            }
        }
        queue.launch(FAMILY, "resize_axis")
                .dense(y)
                .i(y.elements())
                .view(x)
                .i(extent)
                .i(outputs)
                .i(inner)
                .memory(Tensor.from(y.device(), start))
                .memory(Tensor.from(y.device(), first))
                .memory(Tensor.from(y.device(), weight))
                .items(y.elements());
    }
}
