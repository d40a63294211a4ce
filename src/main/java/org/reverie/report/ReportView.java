package org.reverie.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Metrics;
import org.reverie.report.ReportInput.Gallery;
import org.reverie.report.ReportInput.ScoredImage;

/** The page as the template sees it: finished strings, in order. What is a number in the run is formatted here. */
record ReportView(
        String title,
        String summary,
        String created,
        String id,
        String idImages,
        String primary,
        String threshold,
        List<Figure> figures,
        List<Score> scores,
        List<Table> tables,
        List<SetView> sets,
        GalleryView idGallery,
        List<ExhibitView> exhibits,
        List<Setting> settings,
        boolean hasSettings,
        String fingerprint,
        String command) {

    /** As many as the style sheet has. */
    private static final int COLOURS = 8;

    /** The page shows thumbnails about 72 pixels wide. */
    private static final int ENLARGED_SIDE = 64;

    /** A headline number. */
    record Figure(String value, String label) {}

    /** @param colour number of the colour, the same everywhere on the page */
    record Score(int index, int colour, String name) {}

    record Table(String title, String direction, String meaning, List<Score> scores, List<Row> rows) {}

    /** @param anchor of the set's section; empty for the average */
    record Row(String name, String anchor, boolean average, List<Cell> cells) {}

    record Cell(String value, boolean best) {}

    /** @param othersOpen whether the other scores' histograms are shown without asking: a run with exhibits compares scores */
    record SetView(
            int index,
            String name,
            String images,
            String sentence,
            String rocText,
            Chart histogram,
            List<Chart> others,
            boolean hasOthers,
            boolean othersOpen,
            GalleryView gallery) {}

    /** A histogram: which set and score it shows, and what it says to those who cannot see it. */
    record Chart(int set, int score, String name, String text) {}

    record GalleryView(List<ImageView> most, List<ImageView> least) {}

    /** @param pixels whether it is so small that it is shown enlarged, each pixel a square */
    record ImageView(String source, boolean pixels, String score, String text) {}

    record ExhibitView(int index, String title, String note, List<StripView> strips) {}

    record StripView(String label, List<ImageView> images) {}

    record Setting(String name, String value) {}

    static ReportView of(ReportInput input, Evaluation.Results results) {
        Evaluation e = input.evaluation();
        List<Score> scores = new ArrayList<>();
        e.scores().forEach(name -> scores.add(new Score(scores.size(), scores.size() % COLOURS, name)));
        List<SetView> sets = new ArrayList<>();
        for (Evaluation.ScoredSet set : e.sets()) {
            sets.add(set(input, set, sets.size(), results.bySet().get(set.name()), scores));
        }
        List<Setting> settings = new ArrayList<>();
        e.settings().forEach((name, value) -> settings.add(new Setting(name, value)));
        return new ReportView(
                input.title(),
                input.summary(),
                DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
                        .format(input.created().atOffset(ZoneOffset.UTC)),
                e.id().name(),
                count(e.id().images()),
                input.primary(),
                plain(results.average().get(input.primary()).threshold()),
                figures(input, results),
                scores,
                List.of(
                        table(
                                "AUROC",
                                "higher is better",
                                "chance that an OOD image outscores an ID image",
                                results,
                                scores,
                                1,
                                Metrics::auroc),
                        table(
                                "FPR95",
                                "lower is better",
                                "share of OOD images accepted when 95 % of ID are",
                                results,
                                scores,
                                -1,
                                Metrics::fpr95),
                        table(
                                "AUPR-out",
                                "higher is better",
                                "average precision, OOD images as positives",
                                results,
                                scores,
                                1,
                                Metrics::auprOut),
                        table(
                                "AUPR-in",
                                "higher is better",
                                "average precision, ID images as positives",
                                results,
                                scores,
                                1,
                                Metrics::auprIn)),
                sets,
                gallery(input.galleries().get(e.id().name())),
                exhibits(input.exhibits()),
                settings,
                !settings.isEmpty(),
                e.fingerprint(),
                input.command());
    }

    private static List<Figure> figures(ReportInput input, Evaluation.Results results) {
        Metrics primary = results.average().get(input.primary());
        long images = input.evaluation().id().images();
        for (Evaluation.ScoredSet set : input.evaluation().sets()) {
            images += set.images();
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(metric(primary.auroc()), "mean AUROC, " + input.primary()));
        figures.add(new Figure(metric(primary.fpr95()), "mean FPR95, " + input.primary()));
        results.average().entrySet().stream()
                .filter(e -> !e.getKey().equals(input.primary()))
                .max(Map.Entry.comparingByValue((a, b) -> Double.compare(a.auroc(), b.auroc())))
                .ifPresent(e ->
                        figures.add(new Figure(metric(e.getValue().auroc()), "best other mean AUROC, " + e.getKey())));
        figures.add(new Figure(count(images), "images scored"));
        return figures;
    }

    /** @param sign 1 where the highest value is best, −1 where the lowest is */
    private static Table table(
            String title,
            String direction,
            String meaning,
            Evaluation.Results results,
            List<Score> scores,
            int sign,
            ToDoubleFunction<Metrics> value) {
        List<Row> rows = new ArrayList<>();
        results.bySet()
                .forEach((set, row) -> rows.add(new Row(set, "#set-" + rows.size(), false, cells(row, sign, value))));
        rows.add(new Row("average", "", true, cells(results.average(), sign, value)));
        return new Table(title, direction, meaning, scores, rows);
    }

    private static List<Cell> cells(Map<String, Metrics> row, int sign, ToDoubleFunction<Metrics> value) {
        double best = row.values().stream()
                .mapToDouble(m -> sign * value.applyAsDouble(m))
                .max()
                .orElseThrow();
        return row.values().stream()
                .map(m -> new Cell(
                        metric(value.applyAsDouble(m)), row.size() > 1 && sign * value.applyAsDouble(m) == best))
                .toList();
    }

    private static SetView set(
            ReportInput input, Evaluation.ScoredSet set, int index, Map<String, Metrics> row, List<Score> scores) {
        Chart primary = null;
        List<Chart> others = new ArrayList<>();
        StringBuilder roc = new StringBuilder("ROC curves for " + set.name() + ". AUROC");
        for (Score score : scores) {
            Metrics m = row.get(score.name());
            roc.append(score.index() == 0 ? ": " : ", ")
                    .append(score.name())
                    .append(' ')
                    .append(metric(m.auroc()));
            Chart chart = new Chart(
                    index,
                    score.index(),
                    score.name(),
                    "Histograms of " + score.name() + " on "
                            + input.evaluation().id().name() + " and on " + set.name() + ". " + sentence(m));
            if (score.name().equals(input.primary())) {
                primary = chart;
            } else {
                others.add(chart);
            }
        }
        return new SetView(
                index,
                set.name(),
                count(set.images()),
                sentence(row.get(input.primary())),
                roc.append('.').toString(),
                primary,
                others,
                !others.isEmpty(),
                !input.exhibits().isEmpty(),
                gallery(input.galleries().get(set.name())));
    }

    private static String sentence(Metrics m) {
        return String.format(
                Locale.ROOT,
                "AUROC %.4f; %.1f %% of these images pass for ID where 95 %% of ID images do.",
                m.auroc(),
                100 * m.fpr95());
    }

    private static GalleryView gallery(Gallery gallery) {
        return gallery == null ? null : new GalleryView(images(gallery.mostLikeId()), images(gallery.leastLikeId()));
    }

    private static List<ImageView> images(List<ScoredImage> images) {
        return images.stream()
                .map(i -> image(
                        i.rgb(),
                        i.width(),
                        i.height(),
                        plain(i.score()),
                        (i.caption().isEmpty() ? "image" : i.caption()) + ", score " + plain(i.score())))
                .toList();
    }

    private static List<ExhibitView> exhibits(List<ReportInput.Exhibit> exhibits) {
        List<ExhibitView> views = new ArrayList<>();
        for (ReportInput.Exhibit exhibit : exhibits) {
            List<StripView> strips = exhibit.strips().stream()
                    .map(s -> new StripView(
                            s.label(),
                            s.images().stream()
                                    .map(i -> image(i.rgb(), i.width(), i.height(), "", s.label()))
                                    .toList()))
                    .toList();
            views.add(new ExhibitView(views.size(), exhibit.title(), exhibit.note(), strips));
        }
        return views;
    }

    private static ImageView image(byte[] rgb, int width, int height, String score, String text) {
        boolean pixels = Math.max(width, height) <= ENLARGED_SIDE;
        return new ImageView(InlineImage.png(rgb, width, height), pixels, score, text);
    }

    private static String metric(double v) {
        return String.format(Locale.ROOT, "%.4f", v);
    }

    private static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** Four significant digits, for scores of any size, with a true minus sign. */
    private static String plain(double v) {
        if (Double.isInfinite(v)) {
            return v > 0 ? "∞" : "−∞";
        }
        BigDecimal rounded = new BigDecimal(v).round(new MathContext(4));
        boolean ordinary = Math.abs(v) < 1e7 && Math.abs(v) > 1e-4;
        return (ordinary ? rounded.toPlainString() : rounded.toString()).replace('-', '−');
    }
}
