package org.reverie.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.reverie.bench.Contested.Ratio;

/** Draws results as SVG: a row a family, a dot a size; hollow dots are runs with more than one thread. */
final class Plots {
    private static final int LEFT = 260;
    private static final int WIDTH = 860;
    private static final int RIGHT = 30;
    private static final int TOP = 56;
    private static final int ROW = 30;
    private static final String OURS = "#1f6fb4";
    private static final String THEIRS = "#c2571a";
    private static final String INK = "#333";
    private static final String PALE = "#ccc";

    private final StringBuilder out = new StringBuilder();
    private final double from;
    private final double to;
    private final boolean logarithmic;

    private Plots(double from, double to, boolean logarithmic) {
        this.from = from;
        this.to = to;
        this.logarithmic = logarithmic;
    }

    /** Ratios to LibTorch for every goal, on a logarithmic scale with the goal as a bar. */
    static String ratios(List<Contested> contests) {
        Plots p = new Plots(0.125, 8, true);
        List<Goal> goals = Goal.ALL.stream()
                .filter(g -> contests.stream().anyMatch(c -> g.covers(c.ours()) && c.ratio(Contest.LIBTORCH) != null))
                .toList();
        int bottom = TOP + ROW * goals.size();
        p.text(LEFT, 22, "start", "LibTorch's time ÷ Reverie's: right of 1 Reverie is faster. The bar is the goal.");
        for (double tick : new double[] {0.125, 0.25, 0.5, 1, 2, 4, 8}) {
            p.tick(tick, bottom, tick == 1 ? INK : PALE, number(tick));
        }
        for (int i = 0; i < goals.size(); i++) {
            Goal goal = goals.get(i);
            int y = TOP + ROW * i + ROW / 2;
            p.text(LEFT - 12, y + 4, "end", goal.work());
            double x = p.x(goal.ratio());
            p.line(x, y - 11, x, y + 11, "#2a8c4a", 3);
            for (Contested c : contests) {
                Ratio ratio = goal.covers(c.ours()) ? c.ratio(Contest.LIBTORCH) : null;
                if (ratio != null) {
                    p.dot(ratio.median(), y, OURS, c.ours());
                }
            }
        }
        return p.svg(bottom + 24);
    }

    /** The nearer roof's share, of Reverie and of LibTorch, for every family. */
    static String roofs(List<Contested> contests) {
        Plots p = new Plots(0, 1.2, false);
        List<String> families = new ArrayList<>();
        contests.forEach(c -> {
            if (!families.contains(c.ours().group())) {
                families.add(c.ours().group());
            }
        });
        int bottom = TOP + ROW * families.size();
        p.text(LEFT, 22, "start", "Share of the nearer roof (FMA peak or copy): Reverie above in blue, LibTorch below");
        for (int percent = 0; percent <= 100; percent += 20) {
            p.tick(percent / 100.0, bottom, PALE, percent + " %");
        }
        for (Contested c : contests) {
            int y = TOP + ROW * families.indexOf(c.ours().group()) + ROW / 2;
            p.dot(roof(c, c.ours()), y - 6, OURS, c.ours());
            Result torch = c.of(Contest.LIBTORCH);
            if (torch != null) {
                p.dot(roof(c, torch), y + 6, THEIRS, torch);
            }
        }
        for (int i = 0; i < families.size(); i++) {
            p.text(LEFT - 12, TOP + ROW * i + ROW / 2 + 4, "end", families.get(i));
        }
        return p.svg(bottom + 24);
    }

    private static double roof(Contested c, Result r) {
        double peak = c.ofPeak(r);
        double copy = c.ofCopy(r);
        return Double.isNaN(peak) ? copy : Double.isNaN(copy) ? peak : Math.max(peak, copy);
    }

    private double x(double value) {
        double held = Math.clamp(value, from, to);
        double part = logarithmic ? Math.log(held / from) / Math.log(to / from) : (held - from) / (to - from);
        return LEFT + part * (WIDTH - LEFT - RIGHT);
    }

    private void tick(double value, int bottom, String colour, String label) {
        line(x(value), TOP - 6, x(value), bottom, colour, 1);
        text(x(value), TOP - 12, "middle", label);
    }

    private void dot(double value, double y, String colour, Result r) {
        if (Double.isNaN(value)) {
            return;
        }
        boolean one = r.threads() == 1;
        add(
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" stroke=\"%s\"><title>%s, threads %d:"
                        + " %s</title></circle>",
                x(value), y, one ? colour : "none", colour, r.label(), r.threads(), number(value));
    }

    private void line(double x1, double y1, double x2, double y2, String colour, int width) {
        add(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%d\"/>",
                x1, y1, x2, y2, colour, width);
    }

    private void text(double x, double y, String anchor, String text) {
        add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>", x, y, anchor, INK, text);
    }

    private void add(String element, Object... values) {
        out.append(String.format(Locale.ROOT, element, values)).append('\n');
    }

    private String svg(int height) {
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
            <rect width="100%%" height="100%%" fill="white"/>
            """.formatted(WIDTH, height) + out + "</svg>\n";
    }

    private static String number(double value) {
        return new BigDecimal(value)
                .round(new MathContext(3))
                .stripTrailingZeros()
                .toPlainString();
    }
}
