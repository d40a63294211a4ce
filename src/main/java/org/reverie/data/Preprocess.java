package org.reverie.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * From 8-bit images to an encoder's float input. Each sample v becomes {@code (v / divisor − mean) / std} in binary32,
 * in this order, so the result has the same bits everywhere. Output layout NHWC: [n, side, side, 3].
 *
 * @param name short name for settings and reports
 * @param side height and width of the output in pixels
 * @param shortSide 0: both sides are resized to {@code side} and the aspect ratio is ignored; otherwise the short side
 *     is resized to this many pixels and the middle is cut out
 * @param filter the filter of the resize
 * @param bgr whether the output channels are blue, green, red
 * @param divisor what samples 0 to 255 are divided by first
 * @param mean three numbers in the order of the output channels
 * @param std three numbers in the order of the output channels
 */
public record Preprocess(
        String name,
        int side,
        int shortSide,
        Resize.Filter filter,
        boolean bgr,
        float divisor,
        List<Float> mean,
        List<Float> std) {
    private static final List<Float> IMAGENET_MEAN = List.of(0.485f, 0.456f, 0.406f);
    private static final List<Float> IMAGENET_STD = List.of(0.229f, 0.224f, 0.225f);
    private static final List<Float> ONE = List.of(1f, 1f, 1f);

    public Preprocess {
        Objects.requireNonNull(filter, "filter");
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (side < 1 || shortSide != 0 && shortSide < side) {
            throw new IllegalArgumentException(
                    name + ": the side is at least 1 and the short side 0 or at least the side, not " + side + " and "
                            + shortSide);
        }
        if (mean.size() != 3
                || std.size() != 3
                || !(divisor > 0)
                || std.stream().anyMatch(s -> !(s > 0))) {
            throw new IllegalArgumentException(
                    name + ": three means, three positive deviations and a positive divisor are needed");
        }
    }

    /**
     * ImageNet mean and deviation at a side, squashed: EfficientNet, ResNet-50, and DLSR's published setting at 224.
     */
    public static Preprocess imagenet(int side) {
        return new Preprocess("imagenet", side, 0, Resize.Filter.BILINEAR, false, 255, IMAGENET_MEAN, IMAGENET_STD);
    }

    /** MobileNet V1 and V2: x / 127.5 − 1, squashed to a side. {@link #cropped} makes the variant for photographs. */
    public static Preprocess mobilenet(int side) {
        return new Preprocess("mobilenet", side, 0, Resize.Filter.BILINEAR, false, 127.5f, ONE, ONE);
    }

    /** SqueezeNet 1.1: BGR minus (104, 117, 123), squashed to a side (227). */
    public static Preprocess squeezenet(int side) {
        return new Preprocess("squeezenet", side, 0, Resize.Filter.BILINEAR, true, 1, List.of(104f, 117f, 123f), ONE);
    }

    /** The CIFAR ResNets: ImageNet mean and deviation at 32. */
    public static Preprocess cifarResnet() {
        return imagenet(32).named("cifar-resnet");
    }

    /** The procedurally pretrained encoder: (x / 255 − 0.5) / 0.25 at 32. */
    public static Preprocess procedural() {
        List<Float> half = List.of(0.5f, 0.5f, 0.5f);
        List<Float> quarter = List.of(0.25f, 0.25f, 0.25f);
        return new Preprocess("procedural", 32, 0, Resize.Filter.BILINEAR, false, 255, half, quarter);
    }

    /**
     * The preset of a name: {@code imagenet}, {@code mobilenet}, {@code squeezenet}, {@code cifar-resnet} or {@code
     * procedural}, at its usual side.
     */
    public static Preprocess of(String name) {
        return switch (name) {
            case "imagenet" -> imagenet(224);
            case "mobilenet" -> mobilenet(224);
            case "squeezenet" -> squeezenet(227);
            case "cifar-resnet" -> cifarResnet();
            case "procedural" -> procedural();
            default ->
                throw new IllegalArgumentException("no preprocessing is called \"" + name
                        + "\"; there are imagenet, mobilenet, squeezenet, cifar-resnet and procedural");
        };
    }

    /**
     * This, but with the short side resized to {@code shortSide} and the middle cut out, as classifiers see photographs
     * (256 for 224).
     */
    public Preprocess cropped(int shortSide) {
        return new Preprocess(name, side, shortSide, filter, bgr, divisor, mean, std);
    }

    private Preprocess named(String other) {
        return new Preprocess(other, side, shortSide, filter, bgr, divisor, mean, std);
    }

    /** Floats that one image fills. */
    public int floatsPerImage() {
        return 3 * side * side;
    }

    /**
     * The image as the encoder will see it, still in bytes: resized and perhaps cropped, channels still red, green,
     * blue.
     */
    public Image fit(Image image) {
        if (shortSide == 0) {
            return Resize.resize(image, side, side, filter);
        }
        return Resize.centreCrop(Resize.shortSide(image, shortSide, filter), side, side);
    }

    /** From which rows of an image of some size {@link #fit} makes its own. */
    public Resize.Taps rows(int height, int width) {
        return taps(height, width);
    }

    /** The same for columns. */
    public Resize.Taps columns(int height, int width) {
        return taps(width, height);
    }

    private Resize.Taps taps(int extent, int other) {
        if (shortSide == 0) {
            return Resize.taps(extent, side, filter);
        }
        int whole = Resize.extent(extent, other, shortSide);
        return Resize.taps(extent, whole, filter).part(Resize.margin(whole, side), side);
    }

    /** Writes one image as [side, side, 3] floats to {@code out} from {@code offset}. */
    public void fill(Image image, float[] out, int offset) {
        Objects.checkFromIndexSize(offset, floatsPerImage(), out.length);
        fill(image, tables(), out, offset);
    }

    private void fill(Image image, float[][] tables, float[] out, int offset) {
        byte[] rgb = fit(image).rgb();
        int first = bgr ? 2 : 0;
        for (int i = 0, o = offset; i < rgb.length; i += 3, o += 3) {
            out[o] = tables[0][rgb[i + first] & 0xff];
            out[o + 1] = tables[1][rgb[i + 1] & 0xff];
            out[o + 2] = tables[2][rgb[i + 2 - first] & 0xff];
        }
    }

    /**
     * Writes images {@code from} to {@code from + count - 1} of a set as [count, side, side, 3] floats to the start of
     * {@code out}. Images are decoded and resized in parallel; the result does not depend on it.
     */
    public void fill(ImageSet set, int from, int count, float[] out) throws IOException {
        fill(set, IntStream.range(from, from + count).toArray(), out);
    }

    /**
     * Writes the images at {@code indices} of a set as [indices.length, side, side, 3] floats to the start of {@code
     * out}.
     */
    public void fill(ImageSet set, int[] indices, float[] out) throws IOException {
        Objects.checkFromIndexSize(0L, (long) indices.length * floatsPerImage(), out.length);
        float[][] tables = tables();
        try {
            IntStream.range(0, indices.length).parallel().forEach(i -> {
                try {
                    fill(set.image(indices[i]), tables, out, i * floatsPerImage());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** The float of every byte, by output channel. */
    public float[][] tables() {
        float[][] tables = new float[3][256];
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                tables[c][v] = (v / divisor - mean.get(c)) / std.get(c);
            }
        }
        return tables;
    }
}
