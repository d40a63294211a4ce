package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.BatchNormSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The normalisations and their gradients on the norm kernels. */
final class NormBindings {
    private final NormKernels kernels;
    private final FusedKernels fused;

    NormBindings(NormKernels kernels, FusedKernels fused) {
        this.kernels = kernels;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("batch_norm", this::batchNorm);
        table.put("batch_norm_train", this::batchNormTrain);
        table.put("layer_norm", this::layerNorm);
        table.put("group_norm", this::groupNorm);
        table.put("batch_norm_gradient", this::batchGradient);
        table.put("layer_norm_gradient", this::layerGradient);
        table.put("group_norm_gradient", this::groupGradient);
    }

    private static NormGeometry batch(Shape x) {
        int c = x.dim(-1);
        return new NormGeometry(1, rest(x, c), c, 1);
    }

    private static NormGeometry layer(Shape x, LayerNormSpec s) {
        int size = 1;
        for (int a = 1; a <= s.normalizedAxes(); a++) {
            size *= x.dim(-a);
        }
        return new NormGeometry(rest(x, size), 1, 1, size);
    }

    private static NormGeometry group(Shape x, GroupNormSpec s) {
        int c = x.dim(-1);
        return new NormGeometry(x.dim(0), rest(x, x.dim(0) * c), s.groups(), c / s.groups());
    }

    private static int rest(Shape x, int part) {
        return part == 0 ? 0 : Math.toIntExact(x.elements() / part);
    }

    /** What follows the statistics. */
    private record Affine(Tensor weight, Tensor bias, double epsilon, Activation activation) {}

    private void batchNorm(KernelCall call) {
        double epsilon = call.attributes(BatchNormSpec.class).epsilon();
        if (call.out(0).elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor mean = Operands.contiguous(call.in(3));
            Tensor variance = Operands.contiguous(call.in(4));
            Affine affine = new Affine(call.in(1), call.in(2), epsilon, Activation.NONE);
            normalize(batch(x.shape()), false, x, mean, variance, affine, call.out(0));
        }
    }

    private void batchNormTrain(KernelCall call) {
        double epsilon = call.attributes(BatchNormSpec.class).epsilon();
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            NormGeometry geometry = batch(x.shape());
            Tensor mean = call.out(1);
            Tensor variance = call.out(2);
            Affine affine = new Affine(call.in(1), call.in(2), epsilon, Activation.NONE);
            normalize(geometry, true, x, mean, variance, affine, call.out(0));
        }
    }

    private void layerNorm(KernelCall call) {
        LayerNormSpec s = call.attributes(LayerNormSpec.class);
        Affine affine = new Affine(call.in(1), call.in(2), s.epsilon(), Activation.NONE);
        normalize(layer(call.in(0).shape(), s), call, affine);
    }

    private void groupNorm(KernelCall call) {
        GroupNormSpec s = call.attributes(GroupNormSpec.class);
        Affine affine = new Affine(call.in(1), call.in(2), s.epsilon(), s.activation());
        normalize(group(call.in(0).shape(), s), call, affine);
    }

    /** With the statistics of input 0. */
    private void normalize(NormGeometry geometry, KernelCall call, Affine affine) {
        if (call.out(0).elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor[] statistics = statistics(geometry, x);
            normalize(geometry, true, x, statistics[0], statistics[1], affine, call.out(0));
        }
    }

    /** Room for the statistics of x. */
    private static Tensor[] statistics(NormGeometry geometry, Tensor x) {
        Shape shape = Shape.of(geometry.statistics());
        return new Tensor[] {Tensor.empty(x.device(), DType.F32, shape), Tensor.empty(x.device(), DType.F32, shape)};
    }

    private void normalize(
            NormGeometry geometry, boolean own, Tensor x, Tensor mean, Tensor variance, Affine affine, Tensor y) {
        kernels.normalize(
                geometry,
                own,
                Operands.address(x),
                Operands.address(mean),
                Operands.address(variance),
                Operands.addressOrZero(Operands.contiguous(affine.weight)),
                Operands.addressOrZero(Operands.contiguous(affine.bias)),
                (float) affine.epsilon,
                affine.activation,
                Operands.address(y));
    }

    private void batchGradient(KernelCall call) {
        double epsilon = call.attributes(BatchNormSpec.class).epsilon();
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor[] statistics = {Operands.contiguous(call.in(2)), Operands.contiguous(call.in(3))};
            Affine affine = new Affine(call.in(1), null, epsilon, Activation.NONE);
            gradient(batch(x.shape()), false, x, statistics, affine, call.in(4), call);
        }
    }

    private void layerGradient(KernelCall call) {
        LayerNormSpec s = call.attributes(LayerNormSpec.class);
        Affine affine = new Affine(call.in(1), null, s.epsilon(), Activation.NONE);
        gradient(layer(call.in(0).shape(), s), call, affine);
    }

    private void groupGradient(KernelCall call) {
        GroupNormSpec s = call.attributes(GroupNormSpec.class);
        Affine affine = new Affine(call.in(1), call.in(2), s.epsilon(), s.activation());
        gradient(group(call.in(0).shape(), s), call, affine);
    }

    private void gradient(NormGeometry geometry, KernelCall call, Affine affine) {
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor[] statistics = x.elements() == 0 ? null : statistics(geometry, x);
            gradient(geometry, true, x, statistics, affine, call.in(3), call);
        }
    }

    private void gradient(
            NormGeometry geometry,
            boolean own,
            Tensor x,
            Tensor[] statistics,
            Affine affine,
            Tensor arrived,
            KernelCall call) {
        if (x.elements() == 0) {
            fused.fill(call.out(1).elements(), 0f, Operands.address(call.out(1)));
            fused.fill(call.out(2).elements(), 0f, Operands.address(call.out(2)));
            return;
        }
        Tensor g = Operands.contiguous(arrived);
        Tensor workspace = Tensor.empty(x.device(), DType.F32, x.shape().insert(0, 3));
        kernels.gradient(
                geometry,
                own,
                Operands.address(x),
                Operands.address(statistics[0]),
                Operands.address(statistics[1]),
                Operands.addressOrZero(Operands.contiguous(affine.weight)),
                Operands.addressOrZero(Operands.contiguous(affine.bias)),
                Operands.address(g),
                (float) affine.epsilon,
                affine.activation,
                Operands.address(call.out(0)),
                Operands.address(call.out(1)),
                Operands.address(call.out(2)),
                Operands.address(workspace));
    }
}
