package org.reverie.report;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.reverie.data.Image;
import org.reverie.ood.Evaluation;

/**
 * Everything that a report shows. All text is data: it is escaped where it meets HTML.
 *
 * @param title heading of the page
 * @param summary one or two sentences below it; may be empty
 * @param evaluation scores, metrics, settings and fingerprint of the run
 * @param primary the score in the foreground: its histograms are open, and the galleries are sorted by it
 * @param galleries images by set name, the ID set's among them; a set without an entry shows none
 * @param exhibits further images, in rows, that no score belongs to; usually none
 * @param command the command line that repeats the run; may be empty
 * @param created when the run ended
 */
public record ReportInput(
        String title,
        String summary,
        Evaluation evaluation,
        String primary,
        Map<String, Gallery> galleries,
        List<Exhibit> exhibits,
        String command,
        Instant created) {
    public ReportInput {
        if (!evaluation.scores().contains(primary)) {
            throw new IllegalArgumentException("the primary score " + primary + " is none of " + evaluation.scores());
        }
        galleries = Map.copyOf(galleries);
        exhibits = List.copyOf(exhibits);
    }

    /** Without exhibits. */
    public ReportInput(
            String title,
            String summary,
            Evaluation evaluation,
            String primary,
            Map<String, Gallery> galleries,
            String command,
            Instant created) {
        this(title, summary, evaluation, primary, galleries, List.of(), command, created);
    }

    /**
     * Rows of images under a heading.
     *
     * @param note a sentence below the heading; may be empty
     */
    public record Exhibit(String title, String note, List<Strip> strips) {
        public Exhibit {
            strips = List.copyOf(strips);
        }
    }

    /** A row of images with its name. */
    public record Strip(String label, List<Image> images) {
        public Strip {
            images = List.copyOf(images);
        }
    }

    /**
     * The two ends of one set, sorted by the primary score.
     *
     * @param mostLikeId lowest scores first
     * @param leastLikeId highest scores first
     */
    public record Gallery(List<ScoredImage> mostLikeId, List<ScoredImage> leastLikeId) {
        public Gallery {
            mostLikeId = List.copyOf(mostLikeId);
            leastLikeId = List.copyOf(leastLikeId);
        }
    }

    /**
     * @param rgb rows from the top, three bytes a pixel; {@code 3 · width · height} of them
     * @param score value of the primary score
     * @param caption what the image is, such as its index or file name; may be empty
     */
    public record ScoredImage(byte[] rgb, int width, int height, float score, String caption) {
        public ScoredImage {
            if (width < 1 || height < 1 || 3L * width * height != rgb.length) {
                throw new IllegalArgumentException("an image of " + width + " x " + height + " RGB pixels takes "
                        + 3L * width * height + " bytes, but " + rgb.length + " were given");
            }
        }
    }
}
