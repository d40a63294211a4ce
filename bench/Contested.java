package org.reverie.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** One work, done by Reverie and its rivals. */
final class Contested {
    /** A rival's time divided by Reverie's, and the range in which it lies. */
    record Ratio(double median, double low, double high) {}

    private final Results run;
    private final Map<String, Result> byEngine = new LinkedHashMap<>();

    Contested(Results run) {
        this.run = run;
    }

    void add(Result r) {
        byEngine.put(r.engine(), r);
    }

    Result ours() {
        return byEngine.get(Contest.REVERIE);
    }

    /** The result of an engine, or null. */
    Result of(String engine) {
        return byEngine.get(engine);
    }

    /**
     * The median over the passes of the ratio within a pass, with the smallest and the largest; with one pass the quartiles
     * of the iterations. Null without that rival.
     */
    Ratio ratio(String rival) {
        Result theirs = of(rival);
        if (theirs == null) {
            return null;
        }
        double[] a = ours().medians(Result.RATE);
        double[] b = theirs.medians(Result.RATE);
        int passes = Math.min(a.length, b.length);
        if (passes == 1) {
            return new Ratio(
                    a[0] / b[0],
                    ours().quantile(0.25) / theirs.quantile(0.75),
                    ours().quantile(0.75) / theirs.quantile(0.25));
        }
        double[] ratios = new double[passes];
        double low = Double.POSITIVE_INFINITY;
        double high = 0;
        for (int p = 0; p < passes; p++) {
            ratios[p] = a[p] / b[p];
            low = Math.min(low, ratios[p]);
            high = Math.max(high, ratios[p]);
        }
        return new Ratio(Result.middle(ratios), low, high);
    }

    /** The part of the peak of fused multiply-adds that an engine reaches, by the clock; the work is counted as ours. */
    double ofPeak(Result r) {
        return r.median("flop") / run.peak(r.threads());
    }

    /** The part of the copy's bandwidth that an engine reaches, by the clock; bytes are counted as ours. */
    double ofCopy(Result r) {
        return r.median("bytes") / run.copy(r.threads(), r.perRun("bytes"));
    }
}
