package org.reverie.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * The machine's bandwidth: the JVM's own copy between two buffers of a thread, read and written bytes added up. Kernels
 * that a cache or the memory holds are given as a share of this figure at the size nearest to theirs.
 */
public class CopyBench extends CpuBench {
    /** Small buffers are copied again and again until so many bytes are. */
    private static final long TRAFFIC = 16 << 20;

    @State(Scope.Thread)
    public static class Buffers {
        /** Size of one buffer of each thread. */
        @Param({"262144", "134217728"})
        public long size;

        private Arena arena;
        private MemorySegment from;
        private MemorySegment to;

        @Setup(Level.Trial)
        public void allocate() {
            arena = Arena.ofShared();
            from = arena.allocate(size, 4096).fill((byte) 1);
            to = arena.allocate(size, 4096).fill((byte) 2);
        }

        @TearDown(Level.Trial)
        public void free() {
            arena.close();
        }
    }

    @Benchmark
    @Threads(1)
    public void copy(Buffers b, Work work) {
        long copies = Math.max(1, TRAFFIC / b.size);
        for (long i = 0; i < copies; i++) {
            b.to.copyFrom(b.from);
        }
        work.add(0, 2 * b.size * copies);
    }

    /** All cores at once, each its own buffers. */
    @Benchmark
    @Threads(Threads.MAX)
    public void copyAllCores(Buffers b, Work work) {
        copy(b, work);
    }
}
