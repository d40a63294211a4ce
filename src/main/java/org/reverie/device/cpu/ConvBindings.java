package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvTransposeSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The convolution ops on the convolution kernels. An input gradient (and so a transposed convolution) with strides falls
 * apart into one ordinary convolution for each phase of the stride, with every stride-th tap of the kernel turned around.
 */
final class ConvBindings {
    private final ConvKernels kernels;
    private final MatrixKernels matrix;

    ConvBindings(ConvKernels kernels, MatrixKernels matrix) {
        this.kernels = kernels;
        this.matrix = matrix;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("conv2d", this::conv2d);
        table.put("conv2d_input_gradient", this::inputGradient);
        table.put("conv2d_weight_gradient", this::weightGradient);
        table.put("conv_transpose2d", this::transposed);
    }

    private void conv2d(KernelCall call) {
        ConvSpec s = call.attributes(ConvSpec.class);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor w = Operands.contiguous(call.in(1));
            Tensor bias = Operands.contiguous(call.in(2));
            Tensor residual = Operands.contiguous(call.in(3));
            ConvGeometry g = geometry(s, x.shape(), y.shape(), w.dim(1), w.dim(2));
            Epilogue e = new Epilogue(
                    Operands.addressOrZero(bias), Operands.addressOrZero(residual), y.dim(3), s.activation());
            float[] packed = PackedWeights.of(kernels, g, w);
            if (packed == null) {
                kernels.forward(g, Operands.address(x), Operands.address(w), Operands.address(y), e);
            } else {
                kernels.forwardPacked(g, Operands.address(x), packed, Operands.address(y), e);
            }
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
            ConvGeometry g = geometry(s.conv(), x.shape(), dy.shape(), s.kernelHeight(), s.kernelWidth());
            kernels.weightGradient(g, Operands.address(dy), Operands.address(x), Operands.address(call.out(0)));
        }
    }

    private void inputGradient(KernelCall call) {
        ConvInputGradientSpec s = call.attributes(ConvInputGradientSpec.class);
        phases(s.conv(), call.in(0), call.in(1), null, call.out(0));
    }

    private void transposed(KernelCall call) {
        ConvSpec s = call.attributes(ConvTransposeSpec.class).conv();
        phases(s, call.in(0), call.in(1), call.in(2), call.out(0));
    }

    /** dx from dy[N,OH,OW,O] and w[O,KH,KW,C/groups], bias over C or null. */
    private void phases(ConvSpec s, Tensor dy, Tensor weight, Tensor bias, Tensor dx) {
        if (dx.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor g = Operands.contiguous(dy);
            Tensor w = Operands.contiguous(weight);
            Tensor b = Operands.contiguous(bias);
            ConvPhases.each(s, w.dim(1), w.dim(2), dx, (rows, columns, out) -> phase(s, g, w, b, out, rows, columns));
        }
    }

    private void phase(ConvSpec s, Tensor dy, Tensor w, Tensor bias, Tensor out, PhaseTaps rows, PhaseTaps columns) {
        int channels = out.dim(3);
        Epilogue e = new Epilogue(Operands.addressOrZero(bias), 0, channels, s.activation());
        if (rows.taps() == 0 || columns.taps() == 0) {
            Strided none = Strided.rows(0, 0);
            int pixels = (int) (out.elements() / channels);
            matrix.gemm(1, pixels, channels, 0, none, none, Strided.rows(Operands.address(out), channels), e);
        } else {
            ConvGeometry g = ConvPhases.geometry(dy, out, rows, columns, s.groups());
            Tensor turned = turned(w, s.groups(), rows, columns);
            kernels.forward(g, Operands.address(dy), Operands.address(turned), Operands.address(out), e);
        }
    }

    /** w[O,KH,KW,C/groups] → [C, taps, taps, O/groups], the phase's taps in descending order. */
    private static Tensor turned(Tensor w, int groups, PhaseTaps rows, PhaseTaps columns) {
        int outputs = w.dim(0) / groups;
        int inputs = w.dim(3);
        int kh = w.dim(1);
        int kw = w.dim(2);
        Tensor t = Tensor.empty(w.device(), DType.F32, Shape.of(inputs * groups, rows.taps(), columns.taps(), outputs));
        long from = Operands.address(w);
        long to = Operands.address(t);
        for (int c = 0; c < inputs * groups; c++) {
            int firstOutput = c / inputs * outputs;
            for (int i = 0; i < rows.taps(); i++) {
                int r = rows.descending(i);
                for (int j = 0; j < columns.taps(); j++) {
                    int q = columns.descending(j);
                    for (int o = 0; o < outputs; o++) {
                        long at = (((long) (firstOutput + o) * kh + r) * kw + q) * inputs + c % inputs;
                        Numbers.setFloat(to, Numbers.getFloat(from + 4 * at));
                        to += 4;
                    }
                }
            }
        }
        return t;
    }

    static ConvGeometry geometry(ConvSpec s, Shape x, Shape y, int kernelH, int kernelW) {
        return new ConvGeometry(
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                y.dim(1),
                y.dim(2),
                y.dim(3),
                kernelH,
                kernelW,
                s.strideH(),
                s.strideW(),
                s.dilationH(),
                s.dilationW(),
                s.padTop(),
                s.padLeft(),
                s.groups());
    }
}
