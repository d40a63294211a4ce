package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The depthwise convolution ops on the depthwise kernels. */
final class DepthwiseBindings {
    private final DepthwiseKernels kernels;
    private final FusedKernels fused;

    DepthwiseBindings(DepthwiseKernels kernels, FusedKernels fused) {
        this.kernels = kernels;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("depthwise_conv2d", this::forward);
        table.put("depthwise_input_gradient", this::inputGradient);
        table.put("depthwise_weight_gradient", this::weightGradient);
    }

    private void forward(KernelCall call) {
        ConvSpec s = call.attributes(ConvSpec.class);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor w = Operands.contiguous(call.in(1));
            Tensor bias = Operands.contiguous(call.in(2));
            ConvGeometry g = ConvBindings.geometry(s, x.shape(), y.shape(), w.dim(0), w.dim(1));
            Epilogue e = Epilogue.of(Operands.addressOrZero(bias), s.activation());
            kernels.forward(g, Operands.address(x), Operands.address(w), Operands.address(y), e);
        }
    }

    private void weightGradient(KernelCall call) {
        ConvWeightGradientSpec s = call.attributes(ConvWeightGradientSpec.class);
        if (call.out(0).elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor dy = Operands.contiguous(call.in(1));
            ConvGeometry g = ConvBindings.geometry(s.conv(), x.shape(), dy.shape(), s.kernelHeight(), s.kernelWidth());
            kernels.weightGradient(g, Operands.address(dy), Operands.address(x), Operands.address(call.out(0)));
        }
    }

    private void inputGradient(KernelCall call) {
        ConvInputGradientSpec s = call.attributes(ConvInputGradientSpec.class);
        Tensor dx = call.out(0);
        if (dx.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor dy = Operands.contiguous(call.in(0));
            Tensor w = Operands.contiguous(call.in(1));
            ConvPhases.each(s.conv(), w.dim(0), w.dim(1), dx, (rows, columns, out) -> {
                if (rows.taps() == 0 || columns.taps() == 0) {
                    fused.fill(out.elements(), 0f, Operands.address(out));
                    return;
                }
                ConvGeometry g = ConvPhases.geometry(dy, out, rows, columns, 1);
                long turned = Operands.address(turned(w, rows, columns));
                kernels.forward(g, Operands.address(dy), turned, Operands.address(out), Epilogue.NONE);
            });
        }
    }

    /** w[KH,KW,C] → [taps, taps, C], the phase's taps in descending order. */
    private static Tensor turned(Tensor w, PhaseTaps rows, PhaseTaps columns) {
        int channels = w.dim(2);
        Tensor t = Tensor.empty(w.device(), DType.F32, Shape.of(rows.taps(), columns.taps(), channels));
        long to = Operands.address(t);
        for (int i = 0; i < rows.taps(); i++) {
            for (int j = 0; j < columns.taps(); j++) {
                long at = ((long) rows.descending(i) * w.dim(1) + columns.descending(j)) * channels;
                Numbers.copyFloats(Operands.address(w) + 4 * at, to, channels);
                to += 4L * channels;
            }
        }
        return t;
    }
}
