package org.reverie.device.cpu;

/** Shares the innermost runs of a {@link LoopNest} among threads. */
final class NestRunner {
    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;

    NestRunner(Workers workers) {
        this.workers = workers;
    }

    /** {@code n} elements along the innermost loop; tensor t starts at element {@code at[t]}. */
    interface Body {
        void run(long[] at, int n);
    }

    void each(LoopNest nest, Body body) {
        int outer = nest.outer(1);
        int inner = nest.extent(0);
        if (outer == 0 || inner == 0) {
            return;
        }
        int cuts = Math.ceilDiv(inner, RUN);
        int together = cuts > 1 ? 1 : Math.max(1, RUN / inner);
        workers.parallelFor(Math.multiplyExact(Math.ceilDiv(outer, together), cuts), (task, worker) -> {
            int first = task % cuts * RUN;
            long[] at = new long[nest.strides().length];
            int begin = task / cuts * together;
            for (int o = begin; o < Math.min(outer, begin + together); o++) {
                for (int t = 0; t < at.length; t++) {
                    at[t] = nest.at(t, 1, o) + first * nest.stride(t, 0);
                }
                body.run(at, Math.min(RUN, inner - first));
            }
        });
    }
}
