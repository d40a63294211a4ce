package org.reverie.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.report.ReportInput.Gallery;
import org.reverie.report.ReportInput.ScoredImage;

/** Picks the images that a report shows: the most and the least ID-like of every set. */
public final class Galleries {
    private Galleries() {}

    /**
     * @param score the score that orders the images
     * @param images the sets of the evaluation by name; one that is missing shows no images
     * @param count images at each end
     */
    public static Map<String, Gallery> of(Evaluation evaluation, String score, Map<String, ImageSet> images, int count)
            throws IOException {
        List<ScoredSet> sets = new ArrayList<>(evaluation.sets());
        sets.addFirst(evaluation.id());
        Map<String, Gallery> galleries = new LinkedHashMap<>();
        for (ScoredSet set : sets) {
            ImageSet pictures = images.get(set.name());
            if (pictures != null) {
                galleries.put(set.name(), gallery(pictures, set.scores().get(score), count));
            }
        }
        return galleries;
    }

    private static Gallery gallery(ImageSet set, float[] scores, int count) throws IOException {
        List<Integer> order = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> scores[i]))
                .toList();
        int n = Math.min(count, scores.length);
        return new Gallery(
                pictures(set, scores, order.subList(0, n)),
                pictures(set, scores, order.reversed().subList(0, n)));
    }

    private static List<ScoredImage> pictures(ImageSet set, float[] scores, List<Integer> indices) throws IOException {
        List<ScoredImage> list = new ArrayList<>();
        for (int i : indices) {
            Image image = set.image(i);
            list.add(new ScoredImage(image.rgb(), image.width(), image.height(), scores[i], set.imageName(i)));
        }
        return list;
    }
}
