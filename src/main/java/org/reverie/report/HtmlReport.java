package org.reverie.report;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.reverie.io.AtomicFile;
import org.reverie.ood.Evaluation;

/**
 * Writes a run as one HTML page that opens offline: style, chart library, numbers and images are inside. The page
 * carries a content security policy that admits no address but {@code data:} images and no script but its own two, by
 * their hashes; so nothing is ever requested, and text that came with the data cannot run.
 *
 * <p>Charts are drawn by Chart.js in the browser, with the browser's fonts: Java's own text drawing fails on a machine
 * without fonts, such as a bare container. Needs the modules {@code java.base} and {@code java.desktop} (PNG).
 */
public final class HtmlReport {
    /** Must be the version of the dependency {@code org.webjars.npm:chart.js}. */
    private static final String CHART_LIBRARY = "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

    private HtmlReport() {}

    /** Writes the page to a temporary name and moves it into place. */
    public static void write(ReportInput input, Path file) throws IOException {
        AtomicFile.writeBytes(file, render(input).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The page as text, to be stored as UTF-8.
     *
     * @throws IllegalArgumentException if a score is NaN
     */
    public static String render(ReportInput input) {
        Evaluation.Results results = input.evaluation().results();
        String style = resource("report.css");
        String library = resource(CHART_LIBRARY).replaceAll("(?m)^//# sourceMappingURL=.*$", "");
        String script = resource("charts.js");
        String policy = "default-src 'none'; img-src data:; style-src " + hash(style) + "; script-src " + hash(library)
                + " " + hash(script) + "; base-uri 'none'; form-action 'none'";
        Page page = new Page(
                policy,
                style,
                library,
                script,
                ChartData.json(input.evaluation(), results, input.primary()),
                ReportView.of(input, results));
        return Mustache.compiler()
                .escapeHTML(true)
                .emptyStringIsFalse(true)
                .nullValue("")
                .compile(resource("report.mustache"))
                .execute(page);
    }

    /** The view and the four parts that go into the page as they are. */
    record Page(String policy, String style, String library, String script, String data, ReportView view) {}

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has SHA-256
        }
    }

    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the report's part " + name + " is missing from the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
