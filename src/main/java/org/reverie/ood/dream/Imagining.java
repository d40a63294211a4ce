package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.reverie.data.Image;
import org.reverie.models.Progress;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Stage 3: pictures from embeddings, as many of each class, in folders. Which embedding a picture is drawn from is a matter of
 * the seed, its class and its number; what is there already is not drawn again.
 *
 * @param painter who draws
 * @param embeddings {@code [classes, n, d]}
 * @param each pictures of a class
 * @param shared pictures that are drawn from one embedding: 1, or as many as the official program draws at once
 * @param settings what is written into each picture
 */
public record Imagining(Painter painter, HostTensor embeddings, int each, int shared, Map<String, String> settings) {
    public Imagining {
        Shape shape = embeddings.shape();
        if (shape.rank() != 3 || shape.dim(2) != painter.width()) {
            throw new IllegalArgumentException(
                    "embeddings [classes, n, " + painter.width() + "] are needed, not " + shape);
        }
        if (each < 1 || shared < 1) {
            throw new IllegalArgumentException(
                    "each class and each embedding needs a picture, not " + each + " and " + shared);
        }
    }

    /** Draws what is missing. */
    public void run(Path folder, long seed, Progress progress) throws IOException {
        int classes = embeddings.shape().dim(0);
        for (int c = 0; c < classes; c++) {
            int[] chosen = choice(c, seed);
            int i = ImagineFolder.done(folder, c, classes, each);
            while (i < each) {
                if (progress.cancelled()) {
                    throw new CancellationException("drawing was stopped; the same command goes on");
                }
                int[] rows = Arrays.copyOfRange(chosen, i, Math.min(each, i + painter.atOnce()));
                List<Image> images = painter.paint(c, Painter.rows(embeddings, c, rows), i, within(progress));
                for (int k = 0; k < rows.length; k++) {
                    ImagineFolder.write(folder, c, classes, i + k, images.get(k), text(rows[k], seed));
                }
                i += rows.length;
                progress.at("imagining", (long) c * each + i, (long) classes * each, "");
            }
        }
    }

    /** The embedding of each picture of a class. */
    int[] choice(int number, long seed) {
        int n = embeddings.shape().dim(1);
        int[] order = Philox.permutation(seed, Philox.stream("dream.vectors", number), n);
        int[] rows = new int[each];
        for (int i = 0; i < each; i++) {
            rows[i] = order[i / shared % n];
        }
        return rows;
    }

    /** The steps of a single drawing are not shown, but its end is asked for. */
    private static Progress within(Progress progress) {
        return new Progress() {
            @Override
            public void at(String task, long done, long total, String detail) {}

            @Override
            public boolean cancelled() {
                return progress.cancelled();
            }
        };
    }

    private Map<String, String> text(int row, long seed) {
        Map<String, String> text = new LinkedHashMap<>(settings);
        text.put("Embedding", Integer.toString(row));
        text.put("Seed", Long.toString(seed));
        return text;
    }
}
