package org.reverie.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.reverie.bench.Contested.Ratio;

/**
 * Puts the results of {@code bench/run} as tables into a Markdown page, between the lines {@code <!-- results -->} and
 * {@code <!-- end of results -->}, and plots into the folder {@code plots} beside it.
 */
public final class Render {
    private static final String BEGIN = "<!-- results -->\n";
    private static final String END = "<!-- end of results -->\n";

    /** Engines beside LibTorch, and what they are called. OpenCL and CUDA compute Reverie's own kernels. */
    private static final Map<String, String> OTHERS = new LinkedHashMap<>();

    static {
        OTHERS.put(Contest.ONNXRUNTIME, "ONNX Runtime");
        OTHERS.put(Contest.OPENCL, "OpenCL");
        OTHERS.put(Contest.CUDA, "CUDA");
        OTHERS.put(Contest.CLBLAST, "CLBlast");
    }

    private final Results results = new Results();
    private final List<String> sources = new ArrayList<>();

    private Render() {}

    /** Arguments: the page, then result files. */
    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            System.err.println("bench/run --render PAGE.md RESULT.json…");
            System.exit(2);
        }
        Path page = Path.of(args[0]);
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            System.err.println(page + ": needs the lines " + BEGIN.strip() + " and " + END.strip());
            System.exit(1);
        }
        Render render = new Render();
        for (int i = 1; i < args.length; i++) {
            Path file = Path.of(args[i]);
            render.sources.add("`bench/results/" + file.getFileName() + "`");
            render.results.read(file);
        }
        String tables = render.page(page.toAbsolutePath().resolveSibling("plots"));
        Files.writeString(page, text.substring(0, begin + BEGIN.length()) + tables + text.substring(end));
    }

    private String page(Path plots) throws IOException {
        List<Contested> contests = results.contests();
        StringBuilder out = new StringBuilder("\n");
        out.append("From ").append(String.join(", ", sources)).append(".\n\n");
        conditions(out);
        out.append("\n### Goals\n\n");
        goals(out, contests);
        Files.createDirectories(plots);
        Files.writeString(plots.resolve("ratios.svg"), Plots.ratios(contests));
        Files.writeString(plots.resolve("roofs.svg"), Plots.roofs(contests));
        out.append("\n![LibTorch's time divided by Reverie's](plots/ratios.svg)\n");
        out.append("\n![Share of the roof](plots/roofs.svg)\n");
        if (Curves.in(results)) {
            out.append("\n### Scale\n\n");
            for (String file : Curves.draw(results, plots)) {
                out.append("![").append(file).append("](plots/").append(file).append(")\n");
            }
        }
        out.append("\n### Roofs\n\n");
        roofs(out);
        Map<String, List<Contested>> families = new LinkedHashMap<>();
        contests.forEach(c -> families.computeIfAbsent(c.ours().group(), g -> new ArrayList<>())
                .add(c));
        families.forEach((family, list) -> family(out, family, list));
        return out.append("\n").toString();
    }

    /** The conditions, once if all results share them. */
    private void conditions(StringBuilder out) {
        Map<String, Integer> seen = new LinkedHashMap<>();
        results.all().forEach(r -> seen.merge(r.conditions(), 1, Integer::sum));
        seen.forEach((conditions, count) -> out.append("- ")
                .append(conditions)
                .append(seen.size() > 1 ? " (" + count + " results)" : "")
                .append("\n"));
    }

    private static void goals(StringBuilder out, List<Contested> contests) {
        out.append("| work | goal | met | geometric mean | lowest | where |\n|---|--:|--:|--:|--:|---|\n");
        for (Goal goal : Goal.ALL) {
            int cases = 0;
            int met = 0;
            double logs = 0;
            Contested lowest = null;
            for (Contested c : contests) {
                Ratio ratio = goal.covers(c.ours()) ? c.ratio(Contest.LIBTORCH) : null;
                if (ratio != null) {
                    cases++;
                    met += ratio.median() >= goal.ratio() ? 1 : 0;
                    logs += Math.log(ratio.median());
                    if (lowest == null
                            || ratio.median() < lowest.ratio(Contest.LIBTORCH).median()) {
                        lowest = c;
                    }
                }
            }
            if (cases > 0) {
                row(
                        out,
                        goal.work(),
                        "≥ " + goal.ratio(),
                        met + " of " + cases,
                        number(Math.exp(logs / cases)),
                        number(lowest.ratio(Contest.LIBTORCH).median()),
                        lowest.ours().label() + ", " + threads(lowest.ours().threads()));
            }
        }
    }

    private static String threads(int n) {
        return n == 1 ? "1 thread" : n + " threads";
    }

    private void roofs(StringBuilder out) {
        out.append("| | threads | p50 | GFLOP/s | GB/s | cores had |\n|---|--:|--:|--:|--:|--:|\n");
        for (Result r : results.roofs()) {
            double flop = r.median("flop");
            double bytes = r.median("bytes");
            row(
                    out,
                    r.label(),
                    Integer.toString(r.threads()),
                    duration(r.nanos()),
                    flop > 0 ? number(flop) : "",
                    bytes > 0 ? number(bytes) : "",
                    number(r.median("cpu")));
        }
    }

    private void family(StringBuilder out, String family, List<Contested> list) {
        Map<String, String> others = new LinkedHashMap<>(OTHERS);
        others.keySet().removeIf(engine -> list.stream().allMatch(c -> c.of(engine) == null));
        boolean items = list.stream().anyMatch(c -> c.ours().batch() > 0);
        out.append("\n### ").append(family).append("\n\n");
        List<String> head = new ArrayList<>(
                List.of("", "threads", "Reverie", "LibTorch", "form", "**LibTorch / Reverie**", "goal"));
        others.values().forEach(name -> head.addAll(List.of(name, name + " / Reverie")));
        head.addAll(List.of("GFLOP/s", "of FMA peak", "GB/s", "of copy"));
        if (items) {
            head.add("items/s");
        }
        head.addAll(List.of("cores had", "error"));
        row(out, head.toArray(String[]::new));
        out.append("|---").append("|--:".repeat(head.size() - 1)).append("|\n");
        for (Contested c : list) {
            row(out, cells(c, others.keySet(), items).toArray(String[]::new));
        }
    }

    private List<String> cells(Contested c, Set<String> others, boolean items) {
        Result ours = c.ours();
        Result torch = c.of(Contest.LIBTORCH);
        Ratio ratio = c.ratio(Contest.LIBTORCH);
        Goal goal = Goal.of(ours);
        List<String> cells = new ArrayList<>();
        cells.add(ours.label());
        cells.add(Integer.toString(ours.threads()));
        cells.add(duration(ours.nanos()));
        cells.add(torch == null ? "" : duration(torch.nanos()));
        cells.add(torch == null ? "" : form(torch));
        cells.add(ratio(ratio));
        cells.add(goal == null || ratio == null ? "" : ratio.median() >= goal.ratio() ? "met" : "≥ " + goal.ratio());
        for (String engine : others) {
            Result r = c.of(engine);
            cells.add(r == null ? "" : duration(r.nanos()));
            cells.add(ratio(c.ratio(engine)));
        }
        double flop = ours.median("flop");
        double bytes = ours.median("bytes");
        cells.add(flop > 0 ? number(flop) : "");
        cells.add(flop > 0 ? percent(c.ofPeak(ours)) : "");
        cells.add(bytes > 0 ? number(bytes) : "");
        cells.add(bytes > 0 ? percent(c.ofCopy(ours)) : "");
        if (items) {
            cells.add(ours.batch() > 0 ? number(ours.batch() * 1e9 / ours.nanos()) : "");
        }
        cells.add(engines(c, r -> number(r.median("cpu"))));
        cells.add(engines(c, r -> error(r.perRun("error"))));
        return cells;
    }

    /** One figure of each engine, Reverie's first. */
    private static String engines(Contested c, Function<Result, String> figure) {
        List<String> all = new ArrayList<>();
        for (String engine : List.of(Contest.REVERIE, Contest.LIBTORCH, Contest.ONNXRUNTIME)) {
            Result r = c.of(engine);
            String text = r == null ? "" : figure.apply(r);
            if (!text.isEmpty()) {
                all.add(text);
            }
        }
        return String.join(" / ", all);
    }

    private static String form(Result torch) {
        LibTorch.Form form = LibTorch.Form.values()[(int) Math.round(torch.perRun("form"))];
        return form.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String ratio(Ratio r) {
        return r == null ? "" : "**" + number(r.median()) + "** (" + number(r.low()) + " … " + number(r.high()) + ")";
    }

    private static String error(double e) {
        return Double.isNaN(e) ? "" : String.format(Locale.ROOT, "%.0e", e);
    }

    private static void row(StringBuilder out, String... cells) {
        out.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String duration(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return number(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    /** Three figures. */
    private static String number(double x) {
        int decimals = x >= 100 ? 0 : x >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", x);
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "" : Math.round(100 * share) + " %";
    }
}
