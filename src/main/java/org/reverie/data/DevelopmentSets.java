package org.reverie.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.reverie.random.Philox;

/**
 * Foreign images to choose a method's settings by, so that nothing has to be chosen by the images it is tested with: made of an
 * experiment's validation images, or of a set that it is not tested with. No foreign class of the test is among them.
 */
public final class DevelopmentSets {
    private static final int FAR = 1500;
    private static final String HALVES = "halves";

    private DevelopmentSets() {}

    /**
     * The same training and validation images; validation images are tested, too, against
     *
     * <ul>
     *   <li>the upper half of one of them above the lower half of one of another class,
     *   <li>digits: 2 to 5 as a mirror shows them (0 and 1 look the same there), and the kana of KMNIST,
     *   <li>clothes, photographs: each other, as far outliers.
     * </ul>
     *
     * @param name of the experiment, as {@link DreamSets#open} takes it
     * @param splits of that experiment
     */
    public static DreamSplits of(String name, DreamSplits splits, Path dataFolder) throws IOException {
        PixelSet known = splits.validation();
        List<PixelSet> foreign = switch (name) {
            case "mnist" ->
                List.of(halves(known), mirrored(known, 2), far("kmnist", PixelFormat.STROKES_16, dataFolder));
            case "fashion" -> List.of(halves(known), far("cifar10", PixelFormat.GREY_16, dataFolder));
            case "cifar10" ->
                List.of(
                        halves(known),
                        far(
                                "fashion-mnist",
                                known.side() == 32 ? PixelFormat.COLOUR_32 : PixelFormat.COLOUR_16,
                                dataFolder));
            default ->
                throw new IllegalArgumentException("there are no development sets for \"" + name + "\"; there are for "
                        + String.join(", ", DreamSets.names()));
        };
        return new DreamSplits(splits.train(), known, known, foreign);
    }

    /** As many as there are images; which ones are joined is always the same. */
    static PixelSet halves(PixelSet set) {
        int each = set.floatsPerImage();
        int upper = set.side() / 2 * set.side() * set.channels();
        float[] pixels = new float[set.pixels().length];
        long stream = Philox.stream(HALVES);
        int made = 0;
        for (long draw = 0; made < set.size(); draw += 2) {
            int a = Philox.below(0, stream, draw, set.size());
            int b = Philox.below(0, stream, draw + 1, set.size());
            if (set.labels()[a] != set.labels()[b]) {
                System.arraycopy(set.pixels(), a * each, pixels, made * each, upper);
                System.arraycopy(set.pixels(), b * each + upper, pixels, made * each + upper, each - upper);
                made++;
            }
        }
        return set.withPixels(pixels).unlabelled(HALVES);
    }

    /** The images of class {@code first} and later ones, left and right exchanged. */
    static PixelSet mirrored(PixelSet set, int first) {
        PixelSet some = set.select(
                set.name(),
                IntStream.range(0, set.size())
                        .filter(i -> set.labels()[i] >= first)
                        .toArray());
        int side = some.side();
        int channels = some.channels();
        float[] pixels = new float[some.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            int c = i % channels;
            int x = i / channels % side;
            int row = i / channels / side;
            pixels[i] = some.pixels()[(row * side + side - 1 - x) * channels + c];
        }
        return some.withPixels(pixels).unlabelled("mirrored");
    }

    private static PixelSet far(String name, PixelFormat format, Path dataFolder) throws IOException {
        try (ImageSet set = DataCatalogue.resolve(name, dataFolder, Split.TEST)) {
            return format.of(set.limit(FAR), name).unlabelled(name);
        }
    }
}
