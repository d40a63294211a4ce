package org.reverie.op;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.BackendProvider;
import org.reverie.device.HostBuffer;
import org.reverie.device.HostDevice;
import org.reverie.device.KernelCall;
import org.reverie.device.MissingKernelException;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Runs every op by its declaration's scalar loops, on one thread. This backend is the specification of {@code exact}. */
public final class ReferenceBackend extends HostDevice {
    private final Arithmetic math;

    public ReferenceBackend(Arithmetic math) {
        this.math = math;
    }

    /** The backend in binary64 that gradients are checked on. */
    public static ReferenceBackend inDouble() {
        return new ReferenceBackend(Arithmetic.DOUBLE);
    }

    @Override
    public String name() {
        return math.exact() ? "reference" : "reference-f64";
    }

    @Override
    public String description() {
        return math.exact() ? "scalar loops, one thread: the specification" : "scalar loops in binary64, one thread";
    }

    @Override
    public DType computeType() {
        return math.exact() ? DType.F32 : DType.F64;
    }

    @Override
    public String explain(String op) {
        return Ops.find(op) == null ? "none" : "scalar";
    }

    @Override
    public void run(KernelCall call) {
        Op<?> op = Ops.find(call.op());
        if (op == null) {
            throw new MissingKernelException(name(), call.op());
        }
        runTyped(op, call);
    }

    private <A extends Record> void runTyped(Op<A> op, KernelCall call) {
        double[][] inputs = new double[call.inputs().length][];
        Shape[] inputShapes = new Shape[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            if (call.in(i) != null) {
                inputs[i] = read(call.in(i));
                inputShapes[i] = call.in(i).shape();
            }
        }
        double[][] outputs = new double[call.outputs().length][];
        Shape[] outputShapes = new Shape[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = new double[Math.toIntExact(call.out(i).elements())];
            outputShapes[i] = call.out(i).shape();
        }
        op.runReference(
                call.attributes(), a -> new ReferenceCall<>(a, math, inputs, inputShapes, outputs, outputShapes));
        for (int i = 0; i < outputs.length; i++) {
            write(call.out(i), outputs[i]);
        }
    }

    private static double[] read(Tensor t) {
        double[] values = new double[Math.toIntExact(t.elements())];
        HostTensor host = t.toHost();
        for (int i = 0; i < values.length; i++) {
            values[i] = host.get(i);
        }
        return values;
    }

    private static void write(Tensor t, double[] values) {
        MemorySegment all = ((HostBuffer) t.buffer()).segment();
        int size = t.dtype().bytes();
        HostTensor host = new HostTensor(t.dtype(), t.shape(), all.asSlice(t.offset() * size, t.elements() * size));
        for (int i = 0; i < values.length; i++) {
            HostNumbers.set(host, i, values[i]);
        }
    }

    /** Makes the reference backend known to {@link org.reverie.device.Devices}. */
    public static final class Provider implements BackendProvider {
        @Override
        public String kind() {
            return "reference";
        }

        @Override
        public List<String> list() {
            return List.of("reference  scalar loops, one thread: the specification of exact");
        }

        @Override
        public Backend open(int index, BackendOptions options, Backend fallback) {
            return new ReferenceBackend(Arithmetic.EXACT);
        }
    }
}
