package org.reverie.ood.dream;

import java.util.stream.IntStream;
import org.reverie.data.PixelSet;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Images on their way into a network. */
final class Batches {
    /** Images at once where nothing is learned. */
    private static final int AT_ONCE = 250;

    private Batches() {}

    /** What a network makes of a batch. */
    interface Part {
        Tensor of(Tensor images);
    }

    /** Writes augmented images one after the other; the change of an image is a matter of seed, stream and its index. */
    static void fill(PixelSet set, int[] rows, Augmentation how, long seed, long stream, float[] to, int from) {
        int each = set.floatsPerImage();
        for (int i = 0; i < rows.length; i++) {
            int at = rows[i] * each;
            how.apply(set.pixels(), at, set.side(), set.channels(), to, from + i * each, seed, stream, rows[i]);
        }
    }

    static Tensor tensor(Device device, PixelSet like, float[] pixels) {
        int n = pixels.length / like.floatsPerImage();
        return Tensor.of(device, Shape.of(n, like.side(), like.side(), like.channels()), pixels);
    }

    /** The rows that a part makes of all images of a set, {@code [size, width]}. */
    static float[] rows(Device device, PixelSet set, int width, Part part) {
        float[] all = new float[Math.multiplyExact(set.size(), width)];
        for (int from = 0; from < set.size(); from += AT_ONCE) {
            int n = Math.min(AT_ONCE, set.size() - from);
            float[] pixels = new float[n * set.floatsPerImage()];
            System.arraycopy(set.pixels(), from * set.floatsPerImage(), pixels, 0, pixels.length);
            try (Scope scope = Scope.open()) {
                float[] rows = part.of(tensor(device, set, pixels)).toFloats();
                System.arraycopy(rows, 0, all, from * width, n * width);
            }
        }
        return all;
    }

    static int[] labels(PixelSet set, int[] rows) {
        return IntStream.of(rows).map(i -> set.labels()[i]).toArray();
    }

    static Tensor labels(Device device, int... labels) {
        return Tensor.from(device, HostTensor.of(Shape.of(labels.length), labels));
    }

    /** How many classes the labels name; each must have an image, and there must be two. */
    static int classes(PixelSet set) {
        int classes = IntStream.of(set.labels()).max().orElse(-1) + 1;
        int[] counts = new int[Math.max(classes, 0)];
        for (int label : set.labels()) {
            if (label < 0) {
                throw new IllegalArgumentException(set.name() + ": every image needs a class");
            }
            counts[label]++;
        }
        if (classes < 2) {
            throw new IllegalArgumentException(
                    set.name() + ": at least two classes are needed, there is " + (classes == 1 ? "one" : "none"));
        }
        for (int c = 0; c < classes; c++) {
            if (counts[c] == 0) {
                throw new IllegalArgumentException(set.name() + ": class " + c + " of " + classes + " has no image");
            }
        }
        return classes;
    }
}
