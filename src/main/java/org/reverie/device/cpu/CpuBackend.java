package org.reverie.device.cpu;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import jdk.incubator.vector.VectorShape;
import org.reverie.device.Arithmetic;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.BackendProvider;
import org.reverie.device.HostDevice;
import org.reverie.device.KernelCall;
import org.reverie.device.MissingKernelException;
import org.reverie.device.Trace;

/** Vector API kernels on one persistent pool of threads; what has no kernel here runs on the fallback. */
public class CpuBackend extends HostDevice {
    private static final long NEAR = 768L << 10;

    private final int lanes;
    private final int threads;
    private final Backend fallback;
    private final boolean fast;
    private final Trace trace;
    private final Workers workers;
    private final Copies copies;
    private final Map<String, CpuKernel> kernels = new LinkedHashMap<>();
    private final Map<String, LongAdder> fallbacks = new ConcurrentSkipListMap<>();

    /** @param fallback runs the ops that have no kernel here; null refuses them */
    public CpuBackend(BackendOptions options, Backend fallback) {
        this.lanes = options.lanes() == 0 ? VectorShape.preferredShape().vectorBitSize() : options.lanes();
        this.threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        this.fallback = fallback;
        this.workers = new Workers(threads);
        this.copies = new Copies(workers);
        Kernels k = Kernels.create(lanes, workers);
        fast = options.arithmetic() == Arithmetic.FAST;
        trace = options.trace();
        new MatrixBindings(fast ? k.fastMatrix() : k.matrix()).register(kernels);
        new ConvBindings(k.conv(), k.matrix()).register(kernels);
        new DepthwiseBindings(k.depthwise(), k.fused()).register(kernels);
        new PointwiseBindings(k.pointwise(), k.fused()).register(kernels);
        new SelectBindings(workers, k.pointwise()).register(kernels);
        new UpdateBindings(k.pointwise(), k.fused(), k.reduce()).register(kernels);
        new RandomBindings(k.random()).register(kernels);
        ReduceBindings reductions = new ReduceBindings(k.reduce(), k.pointwise());
        reductions.register(kernels);
        new ExtremeBindings(k.reduce(), k.pointwise(), k.fused()).register(kernels);
        new LossBindings(k, reductions).register(kernels);
        new NormBindings(k.norm(), k.fused()).register(kernels);
        new AttentionBindings(k.attention(), k.fused()).register(kernels);
        new ResizeBindings(k.resize()).register(kernels);
        new ByteBindings(workers).register(kernels);
        new PoolBindings(k.pool(), workers).register(kernels);
        new DiffusionBindings(k.pointwise(), k.fused(), k.random()).register(kernels);
        new ShapingBindings(workers, k.fused()).register(kernels);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "Vector API, " + lanes + "-bit lanes, " + threads + (threads == 1 ? " thread" : " threads")
                + (fast ? ", fast" : "");
    }

    public int lanes() {
        return lanes;
    }

    public int threads() {
        return threads;
    }

    /** Three quarters of a second-level cache of 1 MiB for each thread. */
    @Override
    public long nearBytes() {
        return threads * NEAR;
    }

    @Override
    public int concurrency() {
        return threads;
    }

    /** What a body computes is not shared with other threads: a parallel loop inside a task runs in place. */
    @Override
    public void concurrently(int count, IntConsumer body) {
        workers.parallelFor(count, (task, worker) -> body.accept(task));
    }

    /** The ops that have a kernel of their own here. */
    public Set<String> kernels() {
        return Set.copyOf(kernels.keySet());
    }

    /** How often ops without a kernel of their own ran on the fallback, by name. */
    public Map<String, Long> fallbacks() {
        Map<String, Long> counts = new TreeMap<>();
        fallbacks.forEach((op, count) -> counts.put(op, count.sum()));
        return counts;
    }

    Copies copies() {
        return copies;
    }

    @Override
    public String explain(String op) {
        if (kernels.containsKey(op)) {
            return "vector-" + lanes;
        }
        return fallback == null ? "none" : fallback.explain(op);
    }

    @Override
    public void run(KernelCall call) {
        if (trace == null) {
            compute(call);
            return;
        }
        long start = trace.now();
        compute(call);
        trace.span(Thread.currentThread().getName(), call.op(), start, trace.now());
    }

    private void compute(KernelCall call) {
        CpuKernel kernel = kernels.get(call.op());
        if (kernel != null) {
            kernel.run(call);
        } else if (fallback != null) {
            fallbacks.computeIfAbsent(call.op(), op -> new LongAdder()).increment();
            fallback.run(call);
        } else {
            throw new MissingKernelException(name(), call.op());
        }
    }

    @Override
    public void close() {
        super.close();
        workers.close();
        if (fallback != null) {
            fallback.close();
        }
        if (trace != null) {
            trace.close();
        }
    }

    /** Makes the CPU backend known to {@link org.reverie.device.Devices}. */
    public static final class Provider implements BackendProvider {
        @Override
        public String kind() {
            return "cpu";
        }

        @Override
        public List<String> list() {
            try (CpuBackend widest = new CpuBackend(BackendOptions.DEFAULT, null)) {
                return List.of("cpu  " + widest.description());
            }
        }

        @Override
        public Backend open(int index, BackendOptions options, Backend fallback) {
            return new CpuBackend(options, fallback);
        }
    }
}
