package org.reverie.autograd;

import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.reverie.op.Autocast;
import org.reverie.op.Engine;
import org.reverie.op.Op;
import org.reverie.op.Pointwise;
import org.reverie.op.Recorder;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * Define-by-run differentiation in reverse mode. While a tape is open on a thread, every op whose inputs depend on a
 * watched tensor is recorded; {@link #gradients} then walks the record backwards. Recorded results live until the tape
 * closes.
 *
 * <pre>{@code
 * try (Scope step = Scope.open(); Tape tape = Tape.watch(parameters)) {
 *     Tensor loss = mse(model.apply(x), target);
 *     List<Tensor> g = tape.gradients(loss, parameters);
 * }
 * }</pre>
 *
 * <p>Gradients that arrive at one tensor from several ops are added in the reverse order of recording, so the sum has the
 * same bits every time. Gradient rules are themselves ops: a tape inside another differentiates the gradients again.
 */
public final class Tape implements Recorder, AutoCloseable {
    private record Entry(Op<?> op, Record attributes, Tensor[] inputs, Tensor[] outputs) {}

    private final Scope scope = Scope.detached();
    private final Map<Tensor, Boolean> tracked = new IdentityHashMap<>();
    private final List<Entry> entries = new ArrayList<>();
    private final Recorder outer;

    private Tape(Recorder outer) {
        this.outer = outer;
    }

    /** Opens a tape on this thread that differentiates with respect to the given tensors. */
    public static Tape watch(Collection<Tensor> tensors) {
        Tape tape = new Tape(Engine.recorder());
        for (Tensor t : tensors) {
            tape.tracked.put(t, Boolean.TRUE);
        }
        Engine.recorder(tape);
        return tape;
    }

    /** Runs {@code body} without recording: evaluation inside training, frozen parts. */
    public static <T> T paused(Supplier<T> body) {
        return Engine.recording(null, body);
    }

    @Override
    public boolean wants(Tensor[] inputs) {
        return tracks(inputs) || outer != null && outer.wants(inputs);
    }

    private boolean tracks(Tensor[] inputs) {
        for (Tensor t : inputs) {
            if (t != null && tracked.containsKey(t)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Scope scope() {
        return outer == null ? scope : outer.scope();
    }

    @Override
    public void record(Op<?> op, Record attributes, Tensor[] inputs, Tensor[] outputs) {
        if (outer != null && outer.wants(inputs)) {
            outer.record(op, attributes, inputs, outputs);
        }
        if (tracks(inputs) && op.isDifferentiable()) {
            entries.add(new Entry(op, attributes, inputs.clone(), outputs));
            for (Tensor t : outputs) {
                if (t.dtype().isFloating()) {
                    tracked.put(t, Boolean.TRUE);
                }
            }
        }
    }

    /**
     * The gradients of a scalar with respect to {@code wanted}, in that order; zeros where it does not depend on one. They
     * are allocated in the current scope, together with what is needed on the way.
     */
    public List<Tensor> gradients(Tensor scalar, List<Tensor> wanted) {
        if (scalar.elements() != 1) {
            throw new IllegalArgumentException(
                    "gradients() differentiates one number, but the shape is " + scalar.shape());
        }
        return gradients(scalar, Pointwise.fullLike(scalar, 1), wanted);
    }

    /** As above for a tensor of any shape, given the gradient that arrives at it. */
    public List<Tensor> gradients(Tensor result, Tensor seed, List<Tensor> wanted) {
        return Autocast.to(DType.F32, () -> Engine.recording(outer, () -> backward(result, seed, wanted)));
    }

    private List<Tensor> backward(Tensor result, Tensor seed, List<Tensor> wanted) {
        Map<Tensor, Tensor> gradient = new IdentityHashMap<>();
        gradient.put(result, seed);
        for (int e = entries.size() - 1; e >= 0; e--) {
            Entry entry = entries.get(e);
            Tensor[] out = new Tensor[entry.outputs.length];
            boolean reached = false;
            for (int i = 0; i < out.length; i++) {
                out[i] = gradient.get(entry.outputs[i]);
                reached |= out[i] != null;
            }
            if (reached) {
                push(entry, out, gradient);
            }
        }
        List<Tensor> results = new ArrayList<>(wanted.size());
        for (Tensor t : wanted) {
            Tensor g = gradient.get(t);
            results.add(g == null ? Pointwise.fullLike(t, 0) : g);
        }
        return results;
    }

    private void push(Entry entry, Tensor[] out, Map<Tensor, Tensor> gradient) {
        boolean[] needs = new boolean[entry.inputs.length];
        for (int i = 0; i < needs.length; i++) {
            needs[i] = entry.inputs[i] != null && tracked.containsKey(entry.inputs[i]);
        }
        Tensor[] in = entry.op.gradients(entry.attributes, entry.inputs, entry.outputs, out, needs);
        for (int i = 0; i < needs.length; i++) {
            if (needs[i] && in[i] != null) {
                if (!in[i].shape().equals(entry.inputs[i].shape())) {
                    throw new IllegalStateException("the gradient of " + entry.op + " for input " + i + " has shape "
                            + in[i].shape() + " instead of " + entry.inputs[i].shape());
                }
                Tensor before = gradient.get(entry.inputs[i]);
                gradient.put(entry.inputs[i], before == null ? in[i] : Pointwise.add(before, in[i]));
            }
        }
    }

    /** Stops the recording and frees everything recorded. */
    @Override
    public void close() {
        Engine.recorder(outer);
        entries.clear();
        tracked.clear();
        scope.close();
    }
}
