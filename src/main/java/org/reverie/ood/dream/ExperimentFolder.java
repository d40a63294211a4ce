package org.reverie.ood.dream;

import java.nio.file.Path;
import java.util.Locale;

/** Where the stages of an experiment leave their files, for each other and for anyone. */
public record ExperimentFolder(Path root) {
    /** Stage 1's encoder. */
    public Path encoder() {
        return root.resolve("embed/encoder.safetensors");
    }

    /** Stage 1's state while it is not complete. */
    Path encoderState() {
        return root.resolve("embed/state.safetensors");
    }

    /** The classes' tokens {@code [classes, d]}. */
    public Path anchors() {
        return root.resolve("embed/anchors.npy");
    }

    /** The training images' embeddings {@code [classes, n, d]}. */
    public Path features() {
        return root.resolve("embed/features.npy");
    }

    /** Stage 2's embeddings of a deviation {@code [classes, n, d]}. */
    public Path outliers(double sigma) {
        return root.resolve("sample/outliers-" + number(sigma) + ".npy");
    }

    /** Stage 2's embeddings inside the classes. */
    public Path inliers() {
        return root.resolve("sample/inliers.npy");
    }

    /** The generator's folder. */
    public Path generator() {
        return root.resolve("generator");
    }

    /** What the generator's check said. */
    public Path check() {
        return root.resolve("generator-check.txt");
    }

    /** Stage 3's images of a deviation. */
    public Path outlierImages(double sigma) {
        return root.resolve("imagine/outliers-" + number(sigma));
    }

    /** Stage 3's images of inliers. */
    public Path inlierImages() {
        return root.resolve("imagine/inliers");
    }

    /** The training images as the autoencoder gives them back, NHWC in [−1, 1]. */
    public Path reconstructions() {
        return root.resolve("imagine/reconstructions.npy");
    }

    /** The training images as the whole generator draws them again, likewise. */
    public Path reworked() {
        return root.resolve("imagine/reworked.npy");
    }

    /** Results of stages 4 and 5. */
    public Path classifiers() {
        return root.resolve("train");
    }

    /** The same on development images. */
    public Path development() {
        return root.resolve("develop");
    }

    /** The table of results in a folder. */
    public Path table(Path results) {
        return root.resolve(results.equals(classifiers()) ? "table.md" : results.getFileName() + ".md");
    }

    /** The page with curves and images. */
    public Path report() {
        return root.resolve("report.html");
    }

    static String number(double v) {
        String text = String.format(Locale.ROOT, "%.4f", v);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}
