package org.reverie.op;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.CastSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * What every op means on F16 and BF16 tensors (docs/numerics.md, section 9): low inputs are widened, the op runs in f32, and
 * what it gives is rounded once. This holds for the gradient of an op as for the op itself. A backend needs the kernels of f32 and
 * of {@code cast}, and nothing else.
 */
final class LowPrecision {
    private LowPrecision() {}

    /** Refuses mixtures of floating dtypes that no rule covers. */
    static void check(Op<?> op, List<TensorSpec> inputs) {
        DType low = null;
        for (TensorSpec s : inputs) {
            low = low == null && s != null && s.dtype().isLow() ? s.dtype() : low;
        }
        if (low == null || op.isAnyDType()) {
            return;
        }
        Rules.check(!op.isInPlace(), "works on f32 tensors, not on %s: keep the masters in f32", low.label());
        for (int i = 0; i < inputs.size(); i++) {
            DType type = inputs.get(i) == null ? low : inputs.get(i).dtype();
            Rules.check(
                    isBeside(low, op, i, type),
                    "the inputs have different dtypes, %s and %s: cast one of them",
                    low.label(),
                    type.label());
        }
    }

    /** Whether input i of an op may have this dtype where others are {@code low}. */
    static boolean isBeside(DType low, Op<?> op, int i, DType type) {
        return !type.isFloating() || type == low || op.isParameter(i) && !type.isLow();
    }

    /** Executes a call whose tensors are of dtypes that {@link #check} lets through. */
    static void run(Op<?> op, Backend backend, KernelCall call) {
        Tensor low = op.isAnyDType() ? null : firstLow(call.inputs());
        if (low == null || backend.isNative(op.name(), low.dtype()) && backend.takes(call)) {
            backend.run(call);
            return;
        }
        DType wide = backend.computeType();
        try (Scope scope = Scope.open()) {
            Tensor[] inputs = call.inputs().clone();
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = isLow(inputs[i]) ? cast(backend, inputs[i], wide) : inputs[i];
            }
            Tensor[] outputs = call.outputs().clone();
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = isLow(outputs[i]) ? Tensor.empty(backend, wide, outputs[i].shape()) : outputs[i];
            }
            backend.run(new KernelCall(call.op(), call.attributes(), inputs, outputs));
            for (int i = 0; i < outputs.length; i++) {
                if (outputs[i] != call.out(i)) {
                    convert(backend, outputs[i], call.out(i));
                }
            }
        }
    }

    /**
     * The gradients that a rule gives, each in the dtype of its input.
     *
     * @param rule from what it sees of a tensor to the gradients
     */
    static Tensor[] gradients(Op<?> op, Tensor[] inputs, Function<UnaryOperator<Tensor>, Tensor[]> rule) {
        Tensor low = op.isAnyDType() ? null : firstLow(inputs);
        if (low == null) {
            return rule.apply(UnaryOperator.identity());
        }
        if (((Backend) low.device()).isNative(op.name(), low.dtype())) {
            return rounded(Autocast.widening(() -> rule.apply(UnaryOperator.identity())), inputs, Map.of());
        }
        if (Engine.recorder() != null) {
            return widened(inputs, rule);
        }
        try (Scope scope = Scope.open()) {
            Tensor[] gradients = widened(inputs, rule);
            for (Tensor t : gradients) {
                if (t != null) {
                    scope.keep(t);
                }
            }
            return gradients;
        }
    }

    private static Tensor[] widened(Tensor[] inputs, Function<UnaryOperator<Tensor>, Tensor[]> rule) {
        Map<Tensor, Tensor> wide = new IdentityHashMap<>();
        Map<Tensor, Tensor> origin = new IdentityHashMap<>();
        Tensor[] gradients = rule.apply(t -> {
            if (!isLow(t)) {
                return t;
            }
            Tensor w = wide.computeIfAbsent(t, low -> Pointwise.cast(low, DType.F32));
            origin.put(w, t);
            return w;
        });
        return rounded(gradients, inputs, origin);
    }

    /** @param origin low tensors by what they were widened to: where a gradient is handed on as it came, nothing is to be done */
    private static Tensor[] rounded(Tensor[] gradients, Tensor[] inputs, Map<Tensor, Tensor> origin) {
        Tensor[] rounded = new Tensor[gradients.length];
        for (int i = 0; i < rounded.length; i++) {
            Tensor g = gradients[i];
            if (g != null && g.dtype() != inputs[i].dtype()) {
                Tensor same = origin.get(g);
                g = same != null && same.dtype() == inputs[i].dtype() ? same : Pointwise.cast(g, inputs[i].dtype());
            }
            rounded[i] = g;
        }
        return rounded;
    }

    /** The cast as part of an op, which no tape sees. */
    private static Tensor cast(Backend backend, Tensor from, DType type) {
        Tensor to = Tensor.empty(backend, type, from.shape());
        convert(backend, from, to);
        return to;
    }

    private static void convert(Backend backend, Tensor from, Tensor to) {
        backend.run(new KernelCall(
                Functions.CAST.name(), new CastSpec(to.dtype()), new Tensor[] {from}, new Tensor[] {to}));
    }

    static boolean isLow(Tensor t) {
        return t != null && t.dtype().isLow();
    }

    /** The first low tensor, or null. */
    static Tensor firstLow(Tensor[] tensors) {
        for (Tensor t : tensors) {
            if (isLow(t)) {
                return t;
            }
        }
        return null;
    }
}
