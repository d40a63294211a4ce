package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ResizeGradientSpec;
import org.reverie.device.spec.ResizeSpec;
import org.reverie.device.spec.ResizeTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Resizing and its gradient: the columns of every row, then the rows. */
final class ResizeBindings {
    private final ResizeKernels kernels;

    ResizeBindings(ResizeKernels kernels) {
        this.kernels = kernels;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("resize2d", this::resize);
        table.put("resize2d_gradient", this::gradient);
    }

    private void resize(KernelCall call) {
        ResizeSpec s = call.attributes(ResizeSpec.class);
        Tensor x = call.in(0);
        apply(
                ResizeTaps.of(s.mode(), x.dim(1), s.height()),
                ResizeTaps.of(s.mode(), x.dim(2), s.width()),
                x,
                call.out(0));
    }

    private void gradient(KernelCall call) {
        ResizeGradientSpec s = call.attributes(ResizeGradientSpec.class);
        ResizeSpec r = s.resize();
        apply(
                ResizeTaps.of(r.mode(), s.height(), r.height()).transposed(s.height()),
                ResizeTaps.of(r.mode(), s.width(), r.width()).transposed(s.width()),
                call.in(0),
                call.out(0));
    }

    private void apply(ResizeTaps rows, ResizeTaps columns, Tensor in, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(in);
            int height = x.dim(1);
            int channels = x.dim(3);
            Tensor wide = Tensor.empty(x.device(), DType.F32, x.shape().with(2, y.dim(2)));
            long between = Operands.address(wide);
            kernels.along(columns, x.dim(0) * height, x.dim(2), channels, Operands.address(x), between);
            kernels.along(rows, x.dim(0), height, y.dim(2) * channels, between, Operands.address(y));
        }
    }
}
