package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.data.Corruptions;
import org.reverie.data.Image;
import org.reverie.data.PixelSet;

/** ID test images as they are not seen in training: what a classifier is worth beyond its own data (stage 5). */
final class Disturbances {
    private interface Change {
        Image of(Image image, long seed);
    }

    private static final Map<String, Change> ALL = changes();

    private Disturbances() {}

    private static Map<String, Change> changes() {
        Map<String, Change> all = new LinkedHashMap<>();
        all.put("noise", (image, seed) -> Corruptions.gaussianNoise(image, 40, seed));
        all.put("impulses", (image, seed) -> Corruptions.impulseNoise(image, 0.1, seed));
        all.put("blur", (image, seed) -> Corruptions.blur(image, 1));
        all.put("contrast", (image, seed) -> Corruptions.contrast(image, 0.4));
        all.put("pixelation", (image, seed) -> Corruptions.pixelate(image, 2));
        return all;
    }

    /** One set for each disturbance, labelled as the images are. */
    static List<PixelSet> of(PixelSet images, long seed) {
        List<PixelSet> sets = new ArrayList<>();
        ALL.forEach((name, change) -> {
            int each = images.floatsPerImage();
            float[] pixels = new float[images.pixels().length];
            for (int i = 0; i < images.size(); i++) {
                Image changed = change.of(images.image(i), seed + i);
                System.arraycopy(changed.signed(images.channels()), 0, pixels, i * each, each);
            }
            sets.add(
                    new PixelSet(name, images.side(), images.channels(), pixels, images.labels(), images.classNames()));
        });
        return sets;
    }
}
