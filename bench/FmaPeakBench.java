package org.reverie.bench;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The machine's peak: fused multiply-adds on registers alone, twelve independent chains, which hides the latency of
 * four cycles on two ports. The column {@code flop} is GFLOP/s. Every speed elsewhere is given as a share of this figure
 * for as many threads.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@State(Scope.Thread)
public class FmaPeakBench {
    /** A constant for the JIT; {@code -jvmArgsAppend -Dlanes=256} measures another width. */
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(
            float.class,
            VectorShape.forBitSize(
                    Integer.getInteger("lanes", VectorShape.preferredShape().vectorBitSize())));

    private static final int STEPS = 100_000;
    private static final int CHAINS = 12;

    private float factor = 0.5f;
    private float term = 1;

    /** All cores at once; less than the sum where cores share power or, unknown to us, a physical core. */
    @Benchmark
    @Threads(Threads.MAX)
    public float fmaAllCores(Work work) {
        return fma(work);
    }

    @Benchmark
    @Threads(1)
    public float fma(Work work) {
        FloatVector m = FloatVector.broadcast(SPECIES, factor);
        FloatVector t = FloatVector.broadcast(SPECIES, term);
        FloatVector a = t, b = t, c = t, d = t, e = t, f = t, g = t, h = t, i = t, j = t, k = t, l = t;
        for (int step = 0; step < STEPS; step++) {
            a = a.fma(m, t);
            b = b.fma(m, t);
            c = c.fma(m, t);
            d = d.fma(m, t);
            e = e.fma(m, t);
            f = f.fma(m, t);
            g = g.fma(m, t);
            h = h.fma(m, t);
            i = i.fma(m, t);
            j = j.fma(m, t);
            k = k.fma(m, t);
            l = l.fma(m, t);
        }
        FloatVector ab = a.add(b).add(c).add(d).add(e).add(f);
        FloatVector gl = g.add(h).add(i).add(j).add(k).add(l);
        work.add(2L * SPECIES.length() * CHAINS * STEPS, 0);
        return ab.add(gl).reduceLanes(VectorOperators.ADD);
    }
}
