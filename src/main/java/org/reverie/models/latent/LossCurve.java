package org.reverie.models.latent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.reverie.data.Image;
import org.reverie.data.PngGrid;
import org.reverie.io.AtomicFile;

/**
 * The losses of a training as a table and as a picture: pale the single steps, dark their running mean, on a logarithmic scale
 * with a line at each factor of ten and a mark at each tenth of the steps. The figures are in the PNG's text, as there may be no
 * font to draw them with.
 */
final class LossCurve {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 320;
    private static final int MARGIN = 12;
    private static final int TICK = 5;
    private static final double SMOOTHING = 0.95;
    private static final int GROUND = 0xffffff;
    private static final int FRAME = 0x444444;
    private static final int GRID = 0xdddddd;
    private static final int SINGLE = 0xb8cfe8;
    private static final int MEAN = 0x1b4f9c;

    private final float[] losses;
    private final byte[] rgb = new byte[3 * WIDTH * HEIGHT];
    private final double low;
    private final double high;

    private LossCurve(float[] losses) {
        this.losses = losses;
        float[] sorted = losses.clone();
        Arrays.sort(sorted);
        double least = Math.max(1e-9, sorted[0]);
        // The first losses may be far above the rest.
        double most = Math.max(least, sorted[(int) (0.995 * (sorted.length - 1))]);
        this.low = Math.log10(least) - 0.05;
        this.high = Math.log10(most) + 0.05;
    }

    /** Writes {@code NAME.csv} and {@code NAME.png} into a folder. */
    static void write(Path folder, String name, float[] losses) throws IOException {
        StringBuilder table = new StringBuilder("step,loss\n");
        for (int i = 0; i < losses.length; i++) {
            table.append(i + 1).append(',').append(losses[i]).append('\n');
        }
        AtomicFile.writeBytes(folder.resolve(name + ".csv"), table.toString().getBytes(StandardCharsets.UTF_8));
        LossCurve curve = new LossCurve(losses);
        curve.draw();
        Map<String, String> text = new LinkedHashMap<>();
        text.put("Title", name + " over " + losses.length + " steps");
        text.put(
                "Loss",
                String.format(Locale.ROOT, "axis %.3g to %.3g", Math.pow(10, curve.low), Math.pow(10, curve.high)));
        PngGrid.writeImage(folder.resolve(name + ".png"), new Image(HEIGHT, WIDTH, curve.rgb), text);
    }

    private void draw() {
        Arrays.fill(rgb, (byte) GROUND);
        for (int decade = (int) Math.ceil(low); decade <= high; decade++) {
            line(MARGIN, row(decade), WIDTH - MARGIN, row(decade), GRID);
        }
        for (int i = 1; i < losses.length; i++) {
            line(column(i - 1), row(Math.log10(losses[i - 1])), column(i), row(Math.log10(losses[i])), SINGLE);
        }
        // The mean of logarithms: that of the losses themselves would lag behind where they fall fast.
        double mean = Math.log10(losses[0]);
        for (int i = 1; i < losses.length; i++) {
            double before = mean;
            mean = SMOOTHING * mean + (1 - SMOOTHING) * Math.log10(losses[i]);
            line(column(i - 1), row(before), column(i), row(mean), MEAN);
        }
        line(MARGIN, MARGIN, MARGIN, HEIGHT - MARGIN, FRAME);
        line(MARGIN, HEIGHT - MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN, FRAME);
        for (int i = 0; i <= 10; i++) {
            int x = MARGIN + i * (WIDTH - 2 * MARGIN) / 10;
            line(x, HEIGHT - MARGIN, x, HEIGHT - MARGIN - TICK, FRAME);
        }
    }

    private int column(int step) {
        return MARGIN + (int) ((long) step * (WIDTH - 2 * MARGIN) / Math.max(1, losses.length - 1));
    }

    private int row(double logarithm) {
        double t = (logarithm - low) / (high - low);
        return HEIGHT - MARGIN - (int) Math.round(Math.clamp(t, 0, 1) * (HEIGHT - 2 * MARGIN));
    }

    private void line(int x0, int y0, int x1, int y1, int colour) {
        int steps = Math.max(1, Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)));
        for (int i = 0; i <= steps; i++) {
            int x = x0 + (x1 - x0) * i / steps;
            int y = y0 + (y1 - y0) * i / steps;
            int at = 3 * (y * WIDTH + x);
            rgb[at] = (byte) (colour >> 16);
            rgb[at + 1] = (byte) (colour >> 8);
            rgb[at + 2] = (byte) colour;
        }
    }
}
