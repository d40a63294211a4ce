package org.reverie.device.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.reverie.device.BackendOptions;
import org.reverie.device.KernelCall;
import org.reverie.op.Op;
import org.reverie.tensor.Buffer;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The CPU backend, which keeps count of the kernels it runs and of the memory that kernels ask for on the way. */
public final class CountingBackend extends CpuBackend {
    private final Map<String, Integer> calls = new TreeMap<>();
    private final List<String> strided = new ArrayList<>();
    private long bytes;
    private long workspace;
    private boolean running;

    public CountingBackend(int threads) {
        super(new BackendOptions(0, threads), null);
    }

    @Override
    public void run(KernelCall call) {
        calls.merge(call.op(), 1, Integer::sum);
        bytes += (long) Op.bytes(specs(call.inputs()), specs(call.outputs()));
        for (Tensor t : call.inputs()) {
            if (t != null && !t.isContiguous()) {
                strided.add(call.op() + " " + t.spec());
            }
        }
        running = true;
        super.run(call);
        running = false;
    }

    private static List<TensorSpec> specs(Tensor[] tensors) {
        return Arrays.stream(tensors).map(t -> t == null ? null : t.spec()).toList();
    }

    @Override
    public Buffer allocate(long size) {
        workspace += running ? size : 0;
        return super.allocate(size);
    }

    /** Starts all counts anew. */
    public void reset() {
        calls.clear();
        strided.clear();
        bytes = 0;
        workspace = 0;
    }

    /** How often each op's kernel ran. */
    public Map<String, Integer> calls() {
        return calls;
    }

    /** Inputs that did not lie in row-major order, which a kernel may copy first. */
    public List<String> strided() {
        return strided;
    }

    /** By the ops' declarations: inputs read once, outputs written once. */
    public long bytes() {
        return bytes;
    }

    /** Bytes that kernels took for themselves, beyond their outputs. */
    public long workspace() {
        return workspace;
    }
}
