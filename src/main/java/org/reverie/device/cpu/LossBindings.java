package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.spec.CrossEntropySpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The losses and their gradients. */
final class LossBindings {
    private final ReduceKernels kernels;
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;
    private final ReduceBindings reductions;

    LossBindings(Kernels k, ReduceBindings reductions) {
        this.kernels = k.reduce();
        this.pointwise = k.pointwise();
        this.fused = k.fused();
        this.reductions = reductions;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("mse", call -> pairwise(call, fused::squaredDifference));
        table.put("mse_gradient", call -> pairwiseGradient(call, 2, fused::weightedDifference));
        table.put("bce_with_logits", call -> pairwise(call, fused::logisticLoss));
        table.put("bce_with_logits_gradient", call -> pairwiseGradient(call, 1, fused::logisticGradient));
        table.put("cross_entropy", this::crossEntropy);
        table.put("cross_entropy_gradient", this::crossEntropyGradient);
    }

    private interface Term {
        void run(long n, long a, long b, long y);
    }

    private interface WeightedTerm {
        void run(long n, float weight, long a, long b, long y);
    }

    private static long scratch(Tensor like, int... extents) {
        return Operands.address(Tensor.empty(like.device(), DType.F32, Shape.of(extents)));
    }

    /** The mean of the term over all elements. */
    private void pairwise(KernelCall call, Term term) {
        try (Scope scope = Scope.open()) {
            Tensor a = Operands.contiguous(call.in(0));
            Tensor b = Operands.contiguous(call.in(1));
            int n = Math.toIntExact(a.elements());
            long terms = scratch(a, n);
            term.run(n, Operands.address(a), Operands.address(b), terms);
            Numbers.setFloat(Operands.address(call.out(0)), reductions.total(n, terms, a) / n);
        }
    }

    private void pairwiseGradient(KernelCall call, float factor, WeightedTerm term) {
        try (Scope scope = Scope.open()) {
            Tensor a = Operands.contiguous(call.in(0));
            Tensor b = Operands.contiguous(call.in(1));
            float weight = factor * Numbers.getFloat(Operands.address(call.in(2))) / a.elements();
            term.run(a.elements(), weight, Operands.address(a), Operands.address(b), Operands.address(call.out(0)));
        }
    }

    private void crossEntropy(KernelCall call) {
        CrossEntropySpec s = call.attributes(CrossEntropySpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int rows = x.dim(0);
            int classes = x.dim(1);
            int[] labels = Operands.indices(call.op(), call.in(1), classes);
            long shifted = scratch(x, rows, classes);
            long log = scratch(x, rows);
            reductions.shift(rows, classes, Operands.address(x), log, shifted);
            long all = s.smoothing() == 0 ? 0 : scratch(x, rows);
            if (all != 0) {
                kernels.sumRows(rows, classes, shifted, classes, all);
            }
            reductions.logSums(rows, classes, shifted, scratch(x, rows, classes), log);
            for (int r = 0; r < rows; r++) {
                float target = Numbers.getFloat(shifted + 4 * ((long) r * classes + labels[r]));
                if (all != 0) {
                    target = s.sharp() * target + s.share(classes) * Numbers.getFloat(all + 4L * r);
                }
                Numbers.setFloat(log + 4L * r, Numbers.getFloat(log + 4L * r) - target);
            }
            Numbers.setFloat(Operands.address(call.out(0)), reductions.total(rows, log, x) / rows);
        }
    }

    private void crossEntropyGradient(KernelCall call) {
        CrossEntropySpec s = call.attributes(CrossEntropySpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int rows = x.dim(0);
            int classes = x.dim(1);
            int[] labels = Operands.indices(call.op(), call.in(1), classes);
            long y = Operands.address(call.out(0));
            kernels.softmaxRows(rows, classes, Operands.address(x), y);
            float share = s.share(classes);
            float atLabel = s.sharp() + share;
            float[] differences = new float[rows];
            for (int r = 0; r < rows; r++) {
                differences[r] = Numbers.getFloat(y + 4 * ((long) r * classes + labels[r])) - atLabel;
            }
            pointwise.binary(Binary.SUB, x.elements(), y, share, y);
            for (int r = 0; r < rows; r++) {
                Numbers.setFloat(y + 4 * ((long) r * classes + labels[r]), differences[r]);
            }
            float weight = Numbers.getFloat(Operands.address(call.in(2))) / rows;
            pointwise.binary(Binary.MUL, x.elements(), y, weight, y);
        }
    }
}
