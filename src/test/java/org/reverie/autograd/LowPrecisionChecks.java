package org.reverie.autograd;

import java.util.List;
import java.util.stream.Stream;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Engine;
import org.reverie.op.Op;
import org.reverie.op.Sample;
import org.reverie.op.SampleInput;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * An op's f32 samples in BF16 and F16, against what the contract says (docs/numerics.md, section 9), worked out here on the
 * host: inputs widened, the scalar reference in f32, each result rounded once. In BF16 parameters stay F32, in F16 they are low.
 */
final class LowPrecisionChecks {
    static final List<DType> TYPES = List.of(DType.BF16, DType.F16);

    private LowPrecisionChecks() {}

    /** Whether the op computes with floating inputs and has low forms of them. */
    static boolean apply(Op<?> op, Sample s) {
        return !op.isAnyDType()
                && !op.isInPlace()
                && Stream.of(s.inputs()).anyMatch(i -> i != null && i.dtype() == DType.F32);
    }

    static Sample low(Op<?> op, Sample s, DType type) {
        SampleInput[] inputs = s.inputs().clone();
        for (int i = 0; i < inputs.length; i++) {
            boolean stays =
                    inputs[i] == null || inputs[i].dtype() != DType.F32 || type == DType.BF16 && op.isParameter(i);
            inputs[i] = stays ? inputs[i] : inputs[i].as(type);
        }
        return new Sample(s.note(), s.attributes(), inputs);
    }

    static void bits(Op<?> op, Sample s, List<Backend> backends) {
        try (Backend reference = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            HostTensor[] expected = outputs(op, s, reference);
            for (Backend b : backends) {
                Tensor[] actual = Engine.runAll(op, s.attributes(), OpSuiteTest.make(s.inputs(), b));
                compare(expected, actual, b, "output ");
            }
        }
    }

    static void gradient(Op<?> op, Sample s, List<Backend> backends) {
        try (Backend reference = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor[] in = OpSuiteTest.make(s.inputs(), reference);
            boolean[] needs = new boolean[in.length];
            for (int i = 0; i < in.length; i++) {
                needs[i] = in[i] != null && in[i].dtype().isFloating();
            }
            HostTensor[] out = outputs(op, s, reference);
            Tensor[] wideOut = Stream.of(out).map(t -> wide(reference, t)).toArray(Tensor[]::new);
            Tensor[] wideSeeds = Stream.of(seeds(out, reference))
                    .map(t -> t == null ? null : wide(reference, t.toHost()))
                    .toArray(Tensor[]::new);
            Tensor[] gradients = op.gradients(s.attributes(), wide(reference, in), wideOut, wideSeeds, needs);
            HostTensor[] expected = new HostTensor[in.length];
            for (int i = 0; i < in.length; i++) {
                Tensor g = needs[i] ? gradients[i] : null;
                expected[i] = g == null ? null : g.toHost().as(in[i].dtype());
            }
            for (Backend b : backends) {
                Tensor[] low = OpSuiteTest.make(s.inputs(), b);
                Tensor[] results = Engine.runAll(op, s.attributes(), low);
                Tensor[] actual = op.gradients(s.attributes(), low, results, seeds(out, b), needs);
                compare(expected, actual, b, "gradient of input ");
            }
        }
    }

    /** What the op should give, in the dtypes that it declares. */
    private static HostTensor[] outputs(Op<?> op, Sample s, Device reference) {
        Tensor[] in = OpSuiteTest.make(s.inputs(), reference);
        List<TensorSpec> specs = op.infer(
                s.attributes(),
                java.util.Arrays.stream(in)
                        .map(t -> t == null ? null : t.spec())
                        .toList());
        Tensor[] out = Engine.runAll(op, s.attributes(), wide(reference, in));
        HostTensor[] rounded = new HostTensor[out.length];
        for (int i = 0; i < out.length; i++) {
            rounded[i] = out[i].toHost().as(specs.get(i).dtype());
        }
        return rounded;
    }

    private static Tensor[] wide(Device device, Tensor[] tensors) {
        return Stream.of(tensors)
                .map(t -> t == null ? null : wide(device, t.toHost()))
                .toArray(Tensor[]::new);
    }

    private static Tensor wide(Device device, HostTensor t) {
        return Tensor.from(device, t.dtype().isLow() ? t.as(DType.F32) : t);
    }

    /** Gradients that arrive at the floating outputs, in their dtypes. */
    private static Tensor[] seeds(HostTensor[] out, Device device) {
        Tensor[] seeds = new Tensor[out.length];
        for (int i = 0; i < out.length; i++) {
            if (out[i].dtype().isFloating()) {
                seeds[i] = SampleInput.of(out[i].shape().toArray())
                        .as(out[i].dtype())
                        .make(device, 77 + i);
            }
        }
        return seeds;
    }

    private static void compare(HostTensor[] expected, Tensor[] actual, Backend b, String what) {
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] != null) {
                OpSuiteTest.assertSameBits(expected[i], actual[i].toHost(), b.description() + ", " + what + i);
            }
        }
    }
}
