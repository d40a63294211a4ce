package org.reverie.ood;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The table that a terminal shows: one row for each OOD set and one for the average; for each score its AUROC and
 * FPR95.
 *
 * <pre>{@code
 * ID cifar10, 1,000 images
 *                          mfsim      mahalanobis
 * OOD set    images     AUROC  FPR95     AUROC  FPR95
 * mnist       1,000    0.9921 0.0310    0.9960 0.0120
 * average              0.9921 0.0310    0.9960 0.0120
 * }</pre>
 */
public final class EvaluationTable {
    private static final String BOLD = "\u001b[1m";
    private static final String PLAIN = "\u001b[0m";
    private static final int NUMBERS = "0.1234 0.1234".length();
    private static final String GAP = "    ";

    private EvaluationTable() {}

    /**
     * @param terminal whether the highest AUROC of a row may be set in bold by escape codes; in a file it is not marked
     * @return lines that each end with a line feed, without trailing blanks
     */
    public static String render(Evaluation evaluation, boolean terminal) {
        Evaluation.Results results = evaluation.results();
        List<String> scores = evaluation.scores();
        int name = Math.max("average".length(), "OOD set".length());
        for (Evaluation.ScoredSet set : evaluation.sets()) {
            name = Math.max(name, set.name().length());
        }
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "ID %s, %,d images\n",
                evaluation.id().name(),
                evaluation.id().images()));
        out.append(left("", name)).append(right("", 10));
        scores.forEach(score -> out.append(GAP).append(right(score, columnOf(score))));
        endLine(out);
        out.append(left("OOD set", name)).append(right("images", 10));
        scores.forEach(score -> out.append(GAP).append(right("AUROC  FPR95", columnOf(score))));
        endLine(out);
        for (Evaluation.ScoredSet set : evaluation.sets()) {
            out.append(left(set.name(), name)).append(right(String.format(Locale.ROOT, "%,d", set.images()), 10));
            row(out, results.bySet().get(set.name()), terminal);
        }
        out.append(left("average", name)).append(right("", 10));
        row(out, results.average(), terminal);
        return out.toString();
    }

    private static void row(StringBuilder out, Map<String, Metrics> row, boolean terminal) {
        String best = Evaluation.Results.best(row);
        row.forEach((score, m) -> {
            boolean bold = terminal && score.equals(best);
            String numbers = String.format(Locale.ROOT, "%.4f %.4f", m.auroc(), m.fpr95());
            out.append(GAP).append(" ".repeat(columnOf(score) - numbers.length()));
            out.append(bold ? BOLD : "").append(numbers).append(bold ? PLAIN : "");
        });
        endLine(out);
    }

    private static int columnOf(String score) {
        return Math.max(NUMBERS, score.length());
    }

    private static String left(String text, int width) {
        return text + " ".repeat(width - text.length());
    }

    private static String right(String text, int width) {
        return " ".repeat(width - text.length()) + text;
    }

    private static void endLine(StringBuilder out) {
        while (!out.isEmpty() && out.charAt(out.length() - 1) == ' ') {
            out.setLength(out.length() - 1);
        }
        out.append('\n');
    }
}
