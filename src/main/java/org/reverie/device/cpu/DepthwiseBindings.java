package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The depthwise convolution ops on the depthwise kernels. */
final class DepthwiseBindings {
    private final DepthwiseKernels kernels;

    DepthwiseBindings(DepthwiseKernels kernels) {
        this.kernels = kernels;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("depthwise_conv2d", this::forward);
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
}
