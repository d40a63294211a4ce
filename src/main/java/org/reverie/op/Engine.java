package org.reverie.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.tensor.Device;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Executes ops: checks the inputs against the declaration, allocates the outputs, has the inputs' backend compute them,
 * and tells the recorder of this thread, if there is one.
 */
public final class Engine {
    private static final ThreadLocal<Recorder> RECORDER = new ThreadLocal<>();

    private Engine() {}

    /** Runs an op with one output. */
    public static Tensor run(Op<?> op, Record attributes, Tensor... inputs) {
        return runAll(op, attributes, inputs)[0];
    }

    /** Runs an op on the device of its inputs; null stands for an optional input that is left out. */
    public static Tensor[] runAll(Op<?> op, Record attributes, Tensor... given) {
        Tensor[] inputs = Autocast.prepare(op, given);
        Backend backend = null;
        for (Tensor t : inputs) {
            if (t == null) {
                continue;
            }
            if (backend == null) {
                backend = (Backend) t.device();
            } else if (t.device() != backend) {
                throw new IllegalArgumentException(op + ": inputs are on different devices, " + backend.name() + " and "
                        + t.device().name());
            }
        }
        if (backend == null) {
            throw new IllegalArgumentException(op + ": needs at least one input");
        }
        Tensor[] outputs = execute(op, attributes, backend, inputs);
        if (inputs != given && RECORDER.get() == null) {
            Autocast.release(given, inputs);
        }
        return outputs;
    }

    /** Runs an op that has no inputs, such as a draw, on the given device. */
    public static Tensor create(Op<?> op, Record attributes, Device device) {
        return execute(op, attributes, (Backend) device, new Tensor[0])[0];
    }

    /** Runs an in-place op: its first {@code outputs} inputs are overwritten. */
    public static void update(Op<?> op, Record attributes, Tensor... inputs) {
        KernelCall call = updating(op, attributes, inputs);
        ((Backend) inputs[0].device()).run(call);
    }

    /** Runs an in-place op on many tensors that have nothing to do with each other. */
    public static void updateAll(Op<?> op, Record attributes, List<Tensor[]> inputs) {
        if (!inputs.isEmpty()) {
            List<KernelCall> calls =
                    inputs.stream().map(in -> updating(op, attributes, in)).toList();
            ((Backend) inputs.getFirst()[0].device()).runAll(calls);
        }
    }

    private static KernelCall updating(Op<?> op, Record attributes, Tensor[] inputs) {
        if (!op.isInPlace()) {
            throw new IllegalArgumentException(op + " does not work in place");
        }
        checkLive(op, inputs);
        List<TensorSpec> outputs = op.infer(attributes, specs(inputs));
        Tensor[] targets = Arrays.copyOf(inputs, outputs.size());
        for (Tensor t : targets) {
            if (!t.isContiguous()) {
                throw new IllegalArgumentException(op + ": a tensor that is updated in place must be contiguous");
            }
            if (t.buffer().isFrozen()) {
                throw new IllegalStateException(op + ": tensor " + t.spec() + " is frozen and cannot be updated");
            }
        }
        return new KernelCall(op.name(), attributes, inputs, targets);
    }

    private static Tensor[] execute(Op<?> op, Record attributes, Backend backend, Tensor[] inputs) {
        checkLive(op, inputs);
        List<TensorSpec> specs = op.infer(attributes, specs(inputs));
        Recorder recorder = RECORDER.get();
        boolean recorded = recorder != null && recorder.wants(inputs);
        Supplier<Tensor[]> compute = () -> compute(op, attributes, backend, inputs, specs);
        Tensor[] outputs = recorded ? recorder.scope().within(compute) : compute.get();
        if (recorded) {
            recorder.record(op, attributes, inputs, outputs);
        }
        return outputs;
    }

    private static Tensor[] compute(
            Op<?> op, Record attributes, Backend backend, Tensor[] inputs, List<TensorSpec> specs) {
        if (inputs.length == 1) {
            Tensor view = op.tryView(attributes, inputs[0]);
            if (view != null) {
                return new Tensor[] {view};
            }
        }
        Tensor[] outputs = new Tensor[specs.size()];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] =
                    Tensor.empty(backend, specs.get(i).dtype(), specs.get(i).shape());
        }
        LowPrecision.run(op, backend, new KernelCall(op.name(), attributes, inputs, outputs));
        return outputs;
    }

    private static void checkLive(Op<?> op, Tensor[] inputs) {
        for (Tensor t : inputs) {
            if (t != null && !t.isLive()) {
                throw new IllegalStateException(op + ": input " + t.spec() + " was used after its scope closed");
            }
        }
    }

    private static List<TensorSpec> specs(Tensor[] inputs) {
        List<TensorSpec> specs = new ArrayList<>(inputs.length);
        for (Tensor t : inputs) {
            specs.add(t == null ? null : t.spec());
        }
        return specs;
    }

    /**
     * Runs {@code body} in a scope of its own and keeps only its result. While a recorder watches, nothing is freed: the
     * record may need what the body computed on the way.
     */
    public static Tensor local(Supplier<Tensor> body) {
        return RECORDER.get() == null ? Scope.local(body) : body.get();
    }

    /** Runs {@code body} with a recorder watching this thread; null stops the watching. */
    public static <T> T recording(Recorder recorder, Supplier<T> body) {
        Recorder before = RECORDER.get();
        RECORDER.set(recorder);
        try {
            return body.get();
        } finally {
            RECORDER.set(before);
        }
    }

    /** The recorder that watches this thread, or null. */
    public static Recorder recorder() {
        return RECORDER.get();
    }

    /** Sets the recorder that watches this thread and returns the one before. */
    public static Recorder recorder(Recorder recorder) {
        Recorder before = RECORDER.get();
        RECORDER.set(recorder);
        return before;
    }
}
