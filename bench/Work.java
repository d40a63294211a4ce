package org.reverie.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Columns of the result: what the benchmark did in all. Per nanosecond these are GFLOP/s, GB/s, and the number of cores
 * that the work had: on a machine that others use too, work per processor time tells more than work per time.
 */
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Work {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public long flop;
    public long bytes;

    /** Nanoseconds of processor time. */
    public long cpu;

    /** Added up for every run, so that divided by the number of runs it is one's: see {@link Cost}. */
    public double error;

    /** As {@link #error}. */
    public long form;

    /** As {@link #error}: the peak of bytes in tensors. */
    public long memory;

    private long processTime;
    private long threadTime;

    @Setup(Level.Iteration)
    public void start() {
        processTime = PROCESS.getProcessCpuTime();
        threadTime = THREADS.getCurrentThreadCpuTime();
    }

    /** One more run of this cost, by all threads of the process. */
    void add(Cost cost) {
        long now = PROCESS.getProcessCpuTime();
        cpu += now - processTime;
        processTime = now;
        flop += cost.flop();
        bytes += cost.bytes();
        error += cost.error();
        form += cost.form();
    }

    /** More work of the calling thread alone. */
    void add(long flops, long traffic) {
        long now = THREADS.getCurrentThreadCpuTime();
        cpu += now - threadTime;
        threadTime = now;
        flop += flops;
        bytes += traffic;
    }
}
