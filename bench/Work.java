package org.reverie.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Columns of the result: what the benchmark did in all. Per nanosecond these are GFLOP/s and GB/s. */
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Work {
    public long flop;
    public long bytes;

    /** One more run of this cost. */
    void add(Cost cost) {
        flop += cost.flop();
        bytes += cost.bytes();
    }
}
