package org.reverie.device.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvTransposeSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The convolution ops on the convolution kernels. An input gradient (and so a transposed convolution) with strides falls
 * apart into one ordinary convolution for each phase of the stride, with every stride-th tap of the kernel turned around.
 */
final class ConvBindings {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

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
            int periodH = s.strideH() / gcd(s.strideH(), s.dilationH());
            for (int ph = 0; ph < s.strideH(); ph++) {
                Taps rows = Taps.of(ph, dx.dim(1), w.dim(1), s.strideH(), s.dilationH(), s.padTop(), periodH);
                for (int pw = 0; pw < s.strideW(); pw++) {
                    int periodW = s.strideW() / gcd(s.strideW(), s.dilationW());
                    Taps columns = Taps.of(pw, dx.dim(2), w.dim(2), s.strideW(), s.dilationW(), s.padLeft(), periodW);
                    if (rows.count() > 0 && columns.count() > 0) {
                        phase(s, g, w, b, dx, rows, columns);
                    }
                }
            }
        }
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /**
     * The pixels {@code first, first + stride, …} of one axis of dx, and the taps that reach them.
     *
     * @param tap the lowest tap that reaches them; the others follow {@code period} apart
     * @param taps how many there are
     * @param reach outputs from tap to tap: pixel index i reads outputs {@code i − j·reach + shift} for its j-th tap
     */
    private record Taps(int first, int count, int stride, int tap, int taps, int period, int reach, int shift) {
        static Taps of(int phase, int extent, int kernel, int stride, int dilation, int pad, int period) {
            int count = phase >= extent ? 0 : (extent - phase + stride - 1) / stride;
            for (int k = 0; k < Math.min(kernel, period); k++) {
                int at = phase + pad - k * dilation;
                if (Math.floorMod(at, stride) == 0) {
                    int taps = (kernel - k + period - 1) / period;
                    return new Taps(phase, count, stride, k, taps, period, dilation * period / stride, at / stride);
                }
            }
            return new Taps(phase, count, stride, 0, 0, period, 1, 0);
        }
    }

    private void phase(ConvSpec s, Tensor dy, Tensor w, Tensor bias, Tensor dx, Taps rows, Taps columns) {
        int groups = s.groups();
        int channels = dx.dim(3);
        Shape part = Shape.of(dx.dim(0), rows.count(), columns.count(), channels);
        boolean direct = rows.stride() == 1 && columns.stride() == 1;
        Tensor out = direct ? dx : Tensor.empty(dx.device(), DType.F32, part);
        Epilogue e = new Epilogue(Operands.addressOrZero(bias), 0, channels, s.activation());
        if (rows.taps() == 0 || columns.taps() == 0) {
            Strided none = Strided.rows(0, 0);
            int pixels = (int) (out.elements() / channels);
            matrix.gemm(1, pixels, channels, 0, none, none, Strided.rows(Operands.address(out), channels), e);
        } else {
            ConvGeometry g = phaseGeometry(dy, dx, rows, columns, groups);
            Tensor turned = turned(w, groups, rows, columns);
            kernels.forward(g, Operands.address(dy), Operands.address(turned), Operands.address(out), e);
        }
        if (!direct) {
            scatter(out, dx, rows, columns);
        }
    }

    private static ConvGeometry phaseGeometry(Tensor dy, Tensor dx, Taps rows, Taps columns, int groups) {
        // output pixel i reads rows i + shift − (taps − 1)·reach + tap·reach of dy
        return new ConvGeometry(
                dx.dim(0),
                dy.dim(1),
                dy.dim(2),
                dy.dim(3),
                rows.count(),
                columns.count(),
                dx.dim(3),
                rows.taps(),
                columns.taps(),
                1,
                1,
                rows.reach(),
                columns.reach(),
                (rows.taps() - 1) * rows.reach() - rows.shift(),
                (columns.taps() - 1) * columns.reach() - columns.shift(),
                groups);
    }

    /** w[O,KH,KW,C/groups] → [C, taps, taps, O/groups], the phase's taps in descending order. */
    private static Tensor turned(Tensor w, int groups, Taps rows, Taps columns) {
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
                int r = rows.tap() + (rows.taps() - 1 - i) * rows.period();
                for (int j = 0; j < columns.taps(); j++) {
                    int q = columns.tap() + (columns.taps() - 1 - j) * columns.period();
                    for (int o = 0; o < outputs; o++) {
                        long at = (((long) (firstOutput + o) * kh + r) * kw + q) * inputs + c % inputs;
                        MEMORY.set(
                                java.lang.foreign.ValueLayout.JAVA_FLOAT,
                                to,
                                MEMORY.get(java.lang.foreign.ValueLayout.JAVA_FLOAT, from + 4 * at));
                        to += 4;
                    }
                }
            }
        }
        return t;
    }

    private static void scatter(Tensor part, Tensor dx, Taps rows, Taps columns) {
        long bytes = 4L * dx.dim(3);
        long from = Operands.address(part);
        for (int n = 0; n < dx.dim(0); n++) {
            for (int i = 0; i < rows.count(); i++) {
                long row = ((long) n * dx.dim(1) + rows.first() + (long) i * rows.stride()) * dx.dim(2);
                for (int j = 0; j < columns.count(); j++) {
                    long to = Operands.address(dx) + (row + columns.first() + (long) j * columns.stride()) * bytes;
                    MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
                    from += bytes;
                }
            }
        }
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
