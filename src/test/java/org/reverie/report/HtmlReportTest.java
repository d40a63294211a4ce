package org.reverie.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.Image;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.report.ReportInput.Exhibit;
import org.reverie.report.ReportInput.Gallery;
import org.reverie.report.ReportInput.ScoredImage;
import org.reverie.report.ReportInput.Strip;

/** The page as text, and as a real browser shows it. */
class HtmlReportTest {
    /** What a page would say if the browser let it run with one more script: measured inside, checked here. */
    private static final String PROBE = """
        <script>
        addEventListener('load', () => {
          const images = [...document.images];
          const blank = canvas => {
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return !pixels.some((v, i) => i % 4 === 3 && v > 0);
          };
          const open = [...document.querySelectorAll('canvas')].filter(c => !c.closest('details:not([open])'));
          const report = {
            width: innerWidth,
            overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            images: images.length,
            broken: images.filter(i => !i.complete || i.naturalWidth === 0).length,
            unnamed: images.filter(i => !i.alt).length,
            charts: open.length,
            blank: open.filter(blank).length,
            requests: performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length,
          };
          parent.document.documentElement.dataset.probe = JSON.stringify(report).replaceAll('"', '');
        });
        document.querySelectorAll('details').forEach(d => { d.open = true; d.dispatchEvent(new Event('toggle')); });
        </script>
        """;

    @TempDir
    Path folder;

    @Test
    void everythingIsInTheFile() throws Exception {
        Path file = folder.resolve("report.html");
        HtmlReport.write(SampleReport.input(), file);
        String html = Files.readString(file);
        assertEquals(6 * 4 + 4, count(html, "<tr><th scope=\"row\">|<tr class=\"average\">") - 7, "metric rows");
        assertEquals(7 * 2 * SampleReport.IMAGES_PER_END, count(html, "<img src=\"data:image/png;base64,"));
        assertEquals(count(html, "<img "), count(html, "<img src=\"data:[^>]* alt=\"[^\"]+\""));
        assertEquals(6, count(html, "data-roc="));
        assertEquals(6 * 5, count(html, "data-histogram="));
        assertTrue(html.contains("9f2b61c05d7e4a33"), "fingerprint");
        assertTrue(html.contains("reverie eval --model runs/cifar10"), "command");
        assertTrue(html.contains("14 March 2026, 15:09 UTC"), "date");
        String page = html.replaceAll("(?s)<script>.*?</script>", "");
        assertEquals(0, count(page, "(?i)https?://|@import|<link|<iframe|url\\("), "nothing outside is named");
        assertEquals(count(page, "(?i)\\shref="), count(page, "\\shref=\"#"), "links stay on the page");
    }

    @Test
    void exhibitsStandInRows() {
        ReportInput usual = SampleReport.input();
        Image image = new Image(2, 2, new byte[12]);
        ReportInput input = new ReportInput(
                usual.title(),
                usual.summary(),
                usual.evaluation(),
                usual.primary(),
                Map.of(),
                List.of(new Exhibit(
                        "Imagined around <b>4</b>",
                        "a note",
                        List.of(new Strip("kept", List.of(image, image)), new Strip("none", List.of())))),
                "",
                usual.created());
        String html = HtmlReport.render(input);
        assertEquals(2, count(html, "<img src=\"data:image/png;base64,[^\"]+\" class=\"pixels\" alt=\"kept\""));
        assertTrue(html.contains("Imagined around &lt;b&gt;4&lt;/b&gt;"));
        assertEquals(6, count(html, "<details open>"), "the other scores' histograms are shown");
    }

    @Test
    void linksLeadToSections() {
        String html = HtmlReport.render(SampleReport.input()).replaceAll("(?s)<script>.*?</script>", "");
        Set<String> ids = new HashSet<>();
        Matcher m = Pattern.compile(" id=\"([^\"]+)\"").matcher(html);
        while (m.find()) {
            assertTrue(ids.add(m.group(1)), "id " + m.group(1) + " is there twice");
        }
        m = Pattern.compile(" href=\"#([^\"]+)\"").matcher(html);
        while (m.find()) {
            assertTrue(ids.contains(m.group(1)), m.group(1));
        }
    }

    @Test
    void marksTheBestOfEachRow() {
        float[] id = {1, 2, 3};
        Evaluation e = new Evaluation(
                new ScoredSet("id", ordered("bad", id, "good", id)),
                List.of(new ScoredSet("ood", ordered("bad", new float[] {0, 9}, "good", new float[] {8, 9}))),
                Map.of(),
                "");
        String html = HtmlReport.render(new ReportInput("t", "", e, "good", Map.of(), "", Instant.EPOCH));
        assertTrue(html.contains("<td>0.5000</td><td><b class=\"best\">1.0000"), "AUROC: the highest");
        assertTrue(html.contains("<td>0.5000</td><td><b class=\"best\">0.0000"), "FPR95: the lowest");
        assertFalse(html.contains("Repeat it"), "no command, no heading");
        assertFalse(html.contains(">Settings<"), "no settings, no table");
    }

    @Test
    void largeImagesAreReduced() throws Exception {
        byte[] rgb = new byte[3 * 1000 * 400];
        java.util.Arrays.fill(rgb, (byte) 200);
        String source = InlineImage.png(rgb, 1000, 400);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(
                Base64.getDecoder().decode(source.substring("data:image/png;base64,".length()))));
        assertEquals(160, image.getWidth());
        assertEquals(64, image.getHeight());
        assertEquals(0xffc8c8c8, image.getRGB(80, 32));
    }

    @Test
    void smallImagesKeepTheirPixels() throws Exception {
        byte[] rgb = {(byte) 255, 0, (byte) 128, 1, 2, 3};
        String source = InlineImage.png(rgb, 2, 1);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(
                Base64.getDecoder().decode(source.substring("data:image/png;base64,".length()))));
        assertEquals(0xffff0080, image.getRGB(0, 0));
        assertEquals(0xff010203, image.getRGB(1, 0));
    }

    @Test
    void refusesImagesAndScoresThatDoNotFit() {
        assertThrows(IllegalArgumentException.class, () -> new ScoredImage(new byte[5], 2, 1, 0, ""));
        Evaluation e = SampleReport.input().evaluation();
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> new ReportInput("t", "", e, "nope", Map.of(), "", Instant.EPOCH))
                .getMessage()
                .contains("nope is none of [mfsim"));
    }

    @Test
    void chromiumShowsIt() throws Exception {
        Chromium chromium = Chromium.orSkip(folder);
        Path file = folder.resolve("report.html");
        HtmlReport.write(SampleReport.input(), file);
        Chromium.Page page = chromium.open(file, 1280);
        assertEquals(4, count(page.dom(), "<table class=\"metrics\""));
        assertEquals(12, count(page.dom(), "<canvas[^>]*data-drawn=\"true\""), "two open charts for each set");
        assertFalse(page.log().contains("CONSOLE"), page.log());
    }

    @Test
    void imagesLoadChartsHaveInkAndNothingOverflows() throws Exception {
        Chromium chromium = Chromium.orSkip(folder);
        Path file = folder.resolve("probe.html");
        String html = withProbe(HtmlReport.render(SampleReport.input()));
        for (int width : new int[] {1280, 375}) {
            Files.writeString(file, framed(html, width));
            Map<String, Integer> report = probe(chromium.open(file, 1400));
            assertEquals(width, report.get("width"));
            assertEquals(0, report.get("overflow"), "nothing sticks out sideways at " + width);
            assertEquals(7 * 2 * SampleReport.IMAGES_PER_END, report.get("images"));
            assertEquals(0, report.get("broken"));
            assertEquals(0, report.get("unnamed"));
            assertEquals(6 * 6, report.get("charts"));
            assertEquals(0, report.get("blank"));
            assertEquals(0, report.get("requests"));
        }
    }

    @Test
    void screenshotIsNotBlank() throws Exception {
        Chromium chromium = Chromium.orSkip(folder);
        Path file = folder.resolve("report.html");
        HtmlReport.write(SampleReport.input(), file);
        Path png = folder.resolve("report.png");
        chromium.screenshot(file, 1280, 1400, png);
        BufferedImage image = ImageIO.read(png.toFile());
        assertEquals(1280, image.getWidth());
        Set<Integer> colours = new HashSet<>();
        for (int y = 0; y < image.getHeight(); y += 2) {
            for (int x = 0; x < image.getWidth(); x += 2) {
                colours.add(image.getRGB(x, y));
            }
        }
        assertTrue(colours.size() > 50, colours.size() + " colours");
    }

    @Test
    void hostileTextStaysText() throws Exception {
        String evil = "\"><img src=x"
                + " onerror=\"document.title='hit'\"></script><script>document.title='hit'</script>{{title}}";
        float[] one = {1, 2};
        Map<String, float[]> scores = Map.of(evil, one);
        Gallery gallery = new Gallery(List.of(new ScoredImage(new byte[3], 1, 1, 1, evil)), List.of());
        ReportInput input = new ReportInput(
                evil,
                evil,
                new Evaluation(
                        new ScoredSet(evil, scores),
                        List.of(new ScoredSet(evil + "2", scores)),
                        Map.of(evil, evil),
                        evil),
                evil,
                Map.of(evil, gallery),
                evil,
                Instant.EPOCH);
        String html = HtmlReport.render(input);
        assertEquals(1, count(html, "<img"), "only our own image");
        assertEquals(3, count(html, "<script"), "only our own scripts");
        assertEquals(3, count(html, "</script"));
        Chromium chromium = Chromium.orSkip(folder);
        Path file = folder.resolve("evil.html");
        Files.writeString(file, withProbe(html));
        Chromium.Page page = chromium.open(file, 1280);
        assertEquals(0, count(page.dom(), "<title>hit"));
        assertEquals(1, probe(page).get("images"));
        assertEquals(0, probe(page).get("blank"));
    }

    /** The probe is a script that the policy of the page would refuse, so this copy has none. */
    private static String withProbe(String html) {
        String open = html.replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "");
        assertFalse(open.equals(html));
        return open.replace("</body>", PROBE + "</body>");
    }

    /** Inside a frame the page can be as narrow as a phone; a window of its own cannot. */
    private static String framed(String html, int width) {
        return "<!DOCTYPE html><iframe style=\"border: 0; height: 900px; width: " + width + "px\" srcdoc=\""
                + html.replace("&", "&amp;").replace("\"", "&quot;") + "\"></iframe>";
    }

    private static Map<String, Integer> probe(Chromium.Page page) {
        Matcher m = Pattern.compile("data-probe=\"\\{([^}]*)}\"").matcher(page.dom());
        assertTrue(m.find(), page.log());
        Map<String, Integer> out = new java.util.HashMap<>();
        for (String pair : m.group(1).split(",")) {
            out.put(pair.split(":")[0], Integer.valueOf(pair.split(":")[1]));
        }
        return out;
    }

    private static Map<String, float[]> ordered(String a, float[] x, String b, float[] y) {
        Map<String, float[]> out = new java.util.LinkedHashMap<>();
        out.put(a, x);
        out.put(b, y);
        return out;
    }

    private static int count(String text, String pattern) {
        Matcher m = Pattern.compile(pattern).matcher(text);
        int n = 0;
        while (m.find()) {
            n++;
        }
        return n;
    }
}
