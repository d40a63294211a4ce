package org.reverie.bench;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Random;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A CPU device and what a benchmark keeps on it. The vector width is the machine's widest, or {@code -Dlanes=256}. */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public abstract class CpuState {
    private static final long SEED = 1;

    /** Threads of the device. JMH itself runs one. */
    @Param({"1", "2"})
    public int threads;

    protected Backend device;
    private Scope scope;
    private Cost cost;
    private long streams;

    @Setup(Level.Trial)
    public void open() {
        device = Devices.open("cpu", new BackendOptions(Integer.getInteger("lanes", 0), threads));
        scope = Scope.detached();
        scope.within(() -> {
            prepare();
            return null;
        });
        cost = Cost.of(this::work);
    }

    /** Makes the inputs; they live until the benchmark ends. */
    protected abstract void prepare();

    /** What is measured, in ops on the inputs. Results may stay in the current scope. */
    protected abstract void work();

    /** Does the work once, frees its results and counts it. */
    final void run(Work counter) {
        try (Scope step = Scope.open()) {
            work();
        }
        counter.add(cost);
    }

    /** Normal numbers, others at every call. */
    protected final Tensor normal(int... shape) {
        return Random.normal(device, Shape.of(shape), SEED, streams++);
    }

    /** The numbers of a size such as {@code 128x720x1440}. */
    protected static int[] sizes(String text) {
        return Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    @TearDown(Level.Trial)
    public void close() {
        scope.close();
        device.close();
    }
}
