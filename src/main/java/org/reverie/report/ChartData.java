package org.reverie.report;

import com.google.gson.Gson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Histogram;
import org.reverie.ood.Metrics;
import org.reverie.ood.RocCurve;

/** The numbers behind the charts, as the JSON that {@code charts.js} reads. */
final class ChartData {
    /** Steps along a ROC curve; finer than a pixel of the chart. */
    private static final int RESOLUTION = 400;

    private static final int BINS = 48;

    /** Share of the images, in percent, beyond either edge of a histogram, and counted in its outermost bars. */
    private static final double BEYOND = 0.5;

    private ChartData() {}

    record Page(List<String> scores, int primary, String id, List<SetCharts> sets) {}

    /** One entry for each score. */
    record SetCharts(String name, List<Curve> roc, List<Bars> histogram) {}

    record Curve(double auroc, double[] x, double[] y) {}

    /** Shares of the images by bin, and the threshold that accepts 95 % of the ID images. */
    record Bars(double low, double high, double threshold, double[] id, double[] ood) {}

    /** Escapes {@code <}, {@code >} and {@code &}, so that it can stand inside a script element. */
    static String json(Evaluation evaluation, Evaluation.Results results, String primary) {
        List<SetCharts> sets = new ArrayList<>();
        for (Evaluation.ScoredSet set : evaluation.sets()) {
            List<Curve> curves = new ArrayList<>();
            List<Bars> bars = new ArrayList<>();
            for (Map.Entry<String, Metrics> e : results.bySet().get(set.name()).entrySet()) {
                float[] id = evaluation.id().scores().get(e.getKey());
                float[] ood = set.scores().get(e.getKey());
                RocCurve roc = RocCurve.thinned(id, ood, RESOLUTION);
                curves.add(new Curve(e.getValue().auroc(), rounded(roc.falsePositive()), rounded(roc.truePositive())));
                bars.add(bars(id, ood, e.getValue().threshold()));
            }
            sets.add(new SetCharts(set.name(), curves, bars));
        }
        List<String> scores = evaluation.scores();
        return new Gson()
                .toJson(new Page(
                        scores, scores.indexOf(primary), evaluation.id().name(), sets));
    }

    private static Bars bars(float[] id, float[] ood, double threshold) {
        double low = finite(Math.min(Metrics.percentile(id, BEYOND), Metrics.percentile(ood, BEYOND)));
        double high = finite(Math.max(Metrics.percentile(id, 100 - BEYOND), Metrics.percentile(ood, 100 - BEYOND)));
        if (!(low < high)) { // all scores equal: one bar in the middle
            double half = Math.max(Math.abs(low) * 1e-3, 1e-6);
            low -= half;
            high = low + 2 * half;
        }
        Histogram a = Histogram.of(id, low, high, BINS);
        Histogram b = Histogram.of(ood, low, high, BINS);
        double[] idShares = new double[BINS];
        double[] oodShares = new double[BINS];
        for (int i = 0; i < BINS; i++) {
            idShares[i] = round(a.share(i));
            oodShares[i] = round(b.share(i));
        }
        return new Bars(low, high, finite(threshold), idShares, oodShares);
    }

    /** JSON has no infinity, and an axis no room for it. */
    private static double finite(double v) {
        return Math.clamp(v, -Float.MAX_VALUE, Float.MAX_VALUE);
    }

    private static double[] rounded(double[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = round(values[i]);
        }
        return out;
    }

    private static double round(double v) {
        return Math.rint(v * 1e5) / 1e5;
    }
}
