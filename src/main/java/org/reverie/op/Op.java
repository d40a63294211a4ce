package org.reverie.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * The declaration of an op: everything that is known about it, in one place. Its tests (bits on every backend, gradient
 * in double, error inputs, determinism) and its benchmark parameters come from here; a backend adds a kernel of the same
 * name and nothing else.
 *
 * @param <A> the record of the op's attributes
 */
public final class Op<A extends Record> {
    /** From attributes and inputs (null where an optional one is absent) to outputs; refuses what the op can't take. */
    public interface ShapeRule<A> {
        List<TensorSpec> outputs(A attributes, List<TensorSpec> inputs);
    }

    /** What the op means: plain loops over row-major arrays, in the contract's order. */
    public interface Reference<A extends Record> {
        void run(ReferenceCall<A> call);
    }

    /** The gradient in terms of other ops: one tensor for each input, null where there is none or none is needed. */
    public interface Gradient<A extends Record> {
        Tensor[] inputs(GradientCall<A> call);
    }

    /** The op as a view of its input, or null if these strides need a copy. */
    public interface View<A> {
        Tensor of(A attributes, Tensor input);
    }

    /** Floating-point operations of one call; a fused multiply-add counts two. */
    public interface Flops<A> {
        double count(A attributes, List<TensorSpec> inputs, List<TensorSpec> outputs);
    }

    /** What {@link Autocast} does to an op's floating inputs. */
    public enum Lowering {
        /** They go to the low type: contractions. */
        DOWN,
        /** They stay as they are; where they differ, low ones are widened. */
        FOLLOW,
        /** They are widened: losses, softmax, sums, means and variances. */
        UP
    }

    private final String name;
    private final Class<A> attributes;
    private ShapeRule<A> shapes;
    private Reference<A> reference;
    private Gradient<A> gradient;
    private View<A> view;
    private Flops<A> flops = (a, in, out) -> out.get(0).shape().elements();
    private final List<Sample> samples = new ArrayList<>();
    private final List<ErrorSample> errors = new ArrayList<>();
    private Lowering lowering = Lowering.FOLLOW;
    private Set<Integer> parameters = Set.of();
    private boolean anyDType;
    private boolean inPlace;
    private boolean constantGradient;

    private Op(String name, Class<A> attributes) {
        this.name = name;
        this.attributes = attributes;
    }

    public static <A extends Record> Op<A> named(String name, Class<A> attributes) {
        return new Op<>(name, attributes);
    }

    public Op<A> shapes(ShapeRule<A> rule) {
        shapes = rule;
        return this;
    }

    public Op<A> reference(Reference<A> loops) {
        reference = loops;
        return this;
    }

    public Op<A> gradient(Gradient<A> rule) {
        gradient = rule;
        return this;
    }

    /** The op's output carries no gradient (comparisons, arg-reductions, rounding, draws). */
    public Op<A> notDifferentiable() {
        constantGradient = true;
        return this;
    }

    public Op<A> view(View<A> rule) {
        view = rule;
        return this;
    }

    public Op<A> flops(Flops<A> count) {
        flops = count;
        return this;
    }

    /** The outputs are the first inputs, overwritten: optimiser and averaging steps. Such ops are never recorded. */
    public Op<A> inPlace() {
        inPlace = true;
        constantGradient = true;
        return this;
    }

    /**
     * The op only moves elements or converts them: its inputs may have any dtype, and no kernel computes with them.
     */
    public Op<A> anyDType() {
        anyDType = true;
        return this;
    }

    /** The inputs that may be F32 beside low ones: biases, scales, given statistics, tables. */
    public Op<A> parameters(Integer... inputs) {
        parameters = Set.of(inputs);
        return this;
    }

    /** What {@link Autocast} does to the inputs; without this, they stay as they are. */
    public Op<A> lowering(Lowering l) {
        lowering = l;
        return this;
    }

    /** Adds an input that the op must handle; {@code null} among the inputs leaves an optional one out. */
    public Op<A> sample(String note, A attrs, SampleInput... inputs) {
        samples.add(new Sample(note, attrs, inputs));
        return this;
    }

    /** Adds inputs that the op must refuse with a message that contains {@code message}. */
    public Op<A> error(String message, A attrs, SampleInput... inputs) {
        errors.add(new ErrorSample(message, attrs, inputs));
        return this;
    }

    public String name() {
        return name;
    }

    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    public List<ErrorSample> errors() {
        return List.copyOf(errors);
    }

    /** Whether the op takes inputs of every dtype. */
    public boolean isAnyDType() {
        return anyDType;
    }

    /** Whether input i may be F32 beside low ones. */
    public boolean isParameter(int i) {
        return parameters.contains(i);
    }

    public Lowering lowering() {
        return lowering;
    }

    public boolean isInPlace() {
        return inPlace;
    }

    public boolean isDifferentiable() {
        return gradient != null;
    }

    /** Whether the declaration is complete: it says what the op means, and what becomes of gradients. */
    public boolean isComplete() {
        return shapes != null && reference != null && (gradient != null || constantGradient) && !samples.isEmpty();
    }

    /** Checks the inputs and infers the outputs. */
    public List<TensorSpec> infer(Record attrs, List<TensorSpec> inputs) {
        try {
            List<TensorSpec> outputs = shapes.outputs(attributes.cast(attrs), inputs);
            LowPrecision.check(this, inputs);
            return outputs;
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith(name + ": ")
                    ? e
                    : new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    public double flops(Record attrs, List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return flops.count(attributes.cast(attrs), inputs, outputs);
    }

    /** Bytes that a perfect kernel moves: inputs read once, outputs written once. */
    public static double bytes(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return inputs.stream()
                        .filter(Objects::nonNull)
                        .mapToDouble(TensorSpec::bytes)
                        .sum()
                + outputs.stream().mapToDouble(TensorSpec::bytes).sum();
    }

    void runReference(Record attrs, Function<A, ReferenceCall<A>> call) {
        reference.run(call.apply(attributes.cast(attrs)));
    }

    Tensor tryView(Record attrs, Tensor input) {
        return view == null ? null : view.of(attributes.cast(attrs), input);
    }

    /**
     * The gradients of the inputs, each in its input's dtype, given those of the outputs (null where an output was not used).
     */
    public Tensor[] gradients(
            Record attrs, Tensor[] inputs, Tensor[] outputs, Tensor[] outputGradients, boolean[] needs) {
        return LowPrecision.gradients(
                this,
                inputs,
                seen -> gradient.inputs(
                        new GradientCall<>(attributes.cast(attrs), inputs, outputs, outputGradients, needs, seen)));
    }

    @Override
    public String toString() {
        return name;
    }
}
