package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** The table of an experiment: each line a way of training, each number its mean over the seeds ± their deviation. */
public final class ResultTable {
    /** Accuracy that the method may lose. */
    private static final double MAY_LOSE = 0.5;

    private final List<Variant> variants;
    private final Map<String, List<RunResult>> runs = new LinkedHashMap<>();

    /** Mean and standard deviation (n − 1) over the seeds. */
    public record Spread(double mean, double deviation) {
        static Spread of(double... values) {
            double mean = 0;
            for (double v : values) {
                mean += v / values.length;
            }
            double squares = 0;
            for (double v : values) {
                squares += (v - mean) * (v - mean);
            }
            return new Spread(mean, values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1)));
        }

        /** For example {@code 10.4 ± 1.3}. */
        @Override
        public String toString() {
            return Double.isNaN(deviation)
                    ? String.format(Locale.ROOT, "%.1f", mean)
                    : String.format(Locale.ROOT, "%.1f ± %.1f", mean, deviation);
        }
    }

    /** @param results of any order; those of variants that are not in the list are left out */
    public ResultTable(List<Variant> variants, List<RunResult> results) {
        this.variants = List.copyOf(variants);
        for (Variant v : variants) {
            List<RunResult> own = results.stream()
                    .filter(Objects::nonNull)
                    .filter(r -> r.variant().equals(v.name()))
                    .sorted((a, b) -> Long.compare(a.seed(), b.seed()))
                    .toList();
            if (!own.isEmpty()) {
                runs.put(v.name(), own);
            }
        }
    }

    private Spread spread(Variant v, ToDoubleFunction<RunResult> of) {
        return Spread.of(runs.get(v.name()).stream().mapToDouble(of).toArray());
    }

    private List<Variant> lines() {
        return variants.stream().filter(v -> runs.containsKey(v.name())).toList();
    }

    /** The table in Markdown: percentages. */
    public String markdown() {
        List<Variant> lines = lines();
        if (lines.isEmpty()) {
            return "";
        }
        List<String> sets =
                List.copyOf(runs.get(lines.getFirst().name()).getFirst().sets().keySet());
        List<List<String>> cells = new ArrayList<>();
        List<String> head =
                new ArrayList<>(List.of("", "FPR95", "AUROC", "AUPR-in", "FPR95 (test)", "ID accuracy", "ID accepted"));
        sets.forEach(set -> head.add(set + " FPR95 / AUROC"));
        cells.add(head);
        for (Variant v : lines) {
            List<String> row = new ArrayList<>();
            row.add(v.role() == Variant.Role.METHOD ? "**" + v.title() + "**" : v.title());
            row.add(spread(v, r -> 100 * r.average().fpr95()).toString());
            row.add(spread(v, r -> 100 * r.average().auroc()).toString());
            row.add(spread(v, r -> 100 * r.average().auprIn()).toString());
            row.add(spread(v, r -> 100 * r.average().fpr95Test()).toString());
            row.add(spread(v, RunResult::accuracy).toString());
            row.add(spread(v, r -> 100 * r.accepted()).toString());
            for (String set : sets) {
                row.add(spread(v, r -> 100 * r.sets().get(set).fpr95()) + " / "
                        + spread(v, r -> 100 * r.sets().get(set).auroc()));
            }
            cells.add(row);
        }
        return grid(cells);
    }

    /** Accuracy on disturbed ID images in Markdown; empty where none were tried. */
    public String robustness() {
        List<Variant> lines = lines();
        if (lines.isEmpty()) {
            return "";
        }
        List<String> names = List.copyOf(
                runs.get(lines.getFirst().name()).getFirst().robustness().keySet());
        if (names.isEmpty()) {
            return "";
        }
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("accuracy", "test images"));
        head.addAll(names);
        cells.add(head);
        for (Variant v : lines) {
            List<String> row = new ArrayList<>(List.of(v.title()));
            row.add(spread(v, RunResult::accuracy).toString());
            for (String name : names) {
                row.add(spread(v, r -> r.robustness().get(name)).toString());
            }
            cells.add(row);
        }
        return grid(cells);
    }

    /** Each line's title, and its means over sets and seeds in words. */
    public Map<String, String> summary() {
        Map<String, String> all = new LinkedHashMap<>();
        for (Variant v : lines()) {
            all.put(
                    v.title(),
                    "FPR95 " + spread(v, r -> 100 * r.average().fpr95()) + ", AUROC "
                            + spread(v, r -> 100 * r.average().auroc()) + ", ID accuracy "
                            + spread(v, RunResult::accuracy));
        }
        return all;
    }

    private static String grid(List<List<String>> cells) {
        int columns = cells.getFirst().size();
        StringBuilder out = new StringBuilder();
        for (int r = 0; r < cells.size(); r++) {
            for (int c = 0; c < columns; c++) {
                int column = c;
                int width = cells.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0);
                String text = cells.get(r).get(c);
                out.append("| ").append(text).append(" ".repeat(width - text.length() + 1));
            }
            out.append("|\n");
            if (r == 0) {
                out.append("|---".repeat(columns)).append("|\n");
            }
        }
        return out.toString();
    }

    /**
     * Whether the method does better than the best control by more than the spread, for the mean over the sets and for each of
     * them. The spread is the deviation of the difference of two runs, √(a² + b²); the best control is that of the best mean.
     */
    public List<String> claims() {
        List<Variant> lines = lines();
        Variant method = first(lines, Variant.Role.METHOD);
        Variant plain = first(lines, Variant.Role.CONTROL);
        if (method == null || plain == null) {
            return List.of();
        }
        List<String> out = new ArrayList<>();
        out.add(claim("mean FPR95", method, -1, r -> 100 * r.average().fpr95()));
        out.add(claim("mean AUROC", method, 1, r -> 100 * r.average().auroc()));
        for (String set : runs.get(method.name()).getFirst().sets().keySet()) {
            out.add(claim(
                    set + " FPR95", method, -1, r -> 100 * r.sets().get(set).fpr95()));
            out.add(claim(
                    set + " AUROC", method, 1, r -> 100 * r.sets().get(set).auroc()));
        }
        Spread before = spread(plain, RunResult::accuracy);
        Spread after = spread(method, RunResult::accuracy);
        out.add(String.format(
                Locale.ROOT,
                "ID accuracy: %s, with %s %s: %s",
                after,
                plain.title(),
                before,
                after.mean() >= before.mean() - MAY_LOSE ? "holds (at most 0.5 lower)" : "does not hold"));
        return out;
    }

    private static Variant first(List<Variant> lines, Variant.Role role) {
        return lines.stream().filter(v -> v.role() == role).findFirst().orElse(null);
    }

    /** @param sign 1 where more is better, −1 where less is */
    private String claim(String what, Variant method, int sign, ToDoubleFunction<RunResult> of) {
        Spread own = spread(method, of);
        Variant best = null;
        for (Variant v : lines()) {
            if (v.role() == Variant.Role.CONTROL
                    && (best == null
                            || sign * spread(v, of).mean()
                                    > sign * spread(best, of).mean())) {
                best = v;
            }
        }
        Spread control = spread(best, of);
        double ahead = sign * (own.mean() - control.mean());
        double spread = Math.hypot(own.deviation(), control.deviation());
        String verdict;
        if (Double.isNaN(spread)) {
            verdict = "one seed tells no spread";
        } else if (ahead > spread) {
            verdict = "holds";
        } else {
            verdict = ahead > 0 ? "ahead, but within the spread: does not hold" : "does not hold";
        }
        return String.format(
                Locale.ROOT,
                "%s: %s, best control %s (%s), ahead by %.1f, spread %.1f: %s",
                what,
                own,
                control,
                best.title(),
                ahead,
                spread,
                verdict);
    }
}
