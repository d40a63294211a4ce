package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.List;
import org.reverie.models.Imagination.Drawing;
import org.reverie.ood.dream.EmbeddingSampling.Side;

/**
 * All settings of an experiment.
 *
 * @param name of the preset
 * @param data name of the experiment's images, see {@link org.reverie.data.DreamSets}
 * @param large whether the images are 32×32 in colour instead of the experiment's own format
 * @param quick whether a tenth of the images is enough, and a few steps for the generator
 * @param generator name of the generator's settings, see {@link org.reverie.models.latent.LatentConfig}
 * @param size of encoder and classifier, but for the channels
 * @param width of an embedding
 * @param embedding how stage 1 learns
 * @param outliers how stage 2 draws, but for the deviation
 * @param sigmas the deviations whose images are pooled
 * @param inliers how stage 2 draws inliers
 * @param drawing how stage 3 draws
 * @param strength how much of the sampling ID images go through again that bear the generator's traces
 * @param classifier how stages 4 and 5 learn
 * @param otherBetas further weights of the regulariser to try
 * @param seeds trainings of each line
 */
public record DreamPreset(
        String name,
        String data,
        boolean large,
        boolean quick,
        String generator,
        ResidualConfig size,
        int width,
        SgdSettings embedding,
        EmbeddingSampling outliers,
        List<Double> sigmas,
        EmbeddingSampling inliers,
        Drawing drawing,
        double strength,
        ClassifierConfig classifier,
        List<Double> otherBetas,
        int seeds) {
    private static final List<Double> SIGMAS = List.of(0.1, 0.2, 0.35, 0.6);
    private static final List<Double> BETAS = List.of(0.1, 1.0);
    private static final double BETA = 0.3;
    private static final int WIDTH = 64;

    public DreamPreset {
        sigmas = List.copyOf(sigmas);
        otherBetas = List.copyOf(otherBetas);
    }

    /** The presets' names. */
    public static List<String> names() {
        return List.of("mnist", "fashion", "cifar10", "gpu");
    }

    /**
     * A preset: {@code mnist}, {@code fashion} and {@code cifar10} for a CPU, {@code gpu} (CIFAR-10 at 32 pixels) for a GPU.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static DreamPreset of(String name) {
        return switch (name) {
            case "mnist" -> grey(name);
            case "fashion" -> grey(name);
            case "cifar10" -> colour();
            case "gpu" -> gpu();
            default ->
                throw new IllegalArgumentException(
                        "there is no preset \"" + name + "\"; there are " + String.join(", ", names()));
        };
    }

    private static DreamPreset grey(String name) {
        ResidualConfig size = ResidualConfig.small(1);
        Augmentation shift = new Augmentation(1, false);
        return new DreamPreset(
                name,
                name,
                false,
                false,
                name,
                size,
                WIDTH,
                SgdSettings.of(8, 128, 0.1, shift),
                new EmbeddingSampling(Side.OUTLIER, 0.1, 100, 100, 50, 60, 2, 3, false),
                SIGMAS,
                new EmbeddingSampling(Side.INLIER, 0.03, 100, 1000, 100, 60, 1, 2, false),
                Drawing.SMALL,
                PassedImages.HALF_WAY,
                new ClassifierConfig(size, SgdSettings.of(16, 128, 0.05, shift), 128, BETA, 64, 0.5, 128, false),
                BETAS,
                5);
    }

    private static DreamPreset colour() {
        DreamPreset grey = grey("cifar10");
        ResidualConfig size = ResidualConfig.small(3);
        Augmentation both = new Augmentation(1, true);
        return new DreamPreset(
                "cifar10",
                "cifar10",
                false,
                false,
                "cifar10",
                size,
                WIDTH,
                SgdSettings.of(20, 128, 0.1, both),
                grey.outliers,
                SIGMAS,
                grey.inliers,
                Drawing.SMALL,
                PassedImages.HALF_WAY,
                new ClassifierConfig(size, SgdSettings.of(20, 128, 0.05, both), 128, BETA, 64, 0.5, 128, false),
                BETAS,
                3);
    }

    /** σ√d is 0.8, 1.2 and 1.9, which brackets what the paper has for its two data sets. */
    private static DreamPreset gpu() {
        int d = 128;
        double root = Math.sqrt(d);
        List<Double> sigmas = List.of(0.8 / root, 1.2 / root, 1.9 / root);
        ResidualConfig size = ResidualConfig.resnet18(3);
        Augmentation both = new Augmentation(4, true);
        return new DreamPreset(
                "gpu",
                "cifar10",
                true,
                false,
                "gpu",
                size,
                d,
                SgdSettings.of(30, 256, 0.1, both),
                new EmbeddingSampling(Side.OUTLIER, 0.1, 300, 200, 50, 1500, 2, 10, false),
                sigmas,
                new EmbeddingSampling(Side.INLIER, 0.03, 300, 1000, 100, 1500, 1, 10, false),
                new Drawing("plms", 50, 2.5, 256),
                PassedImages.HALF_WAY,
                new ClassifierConfig(size, SgdSettings.of(30, 256, 0.1, both), 256, BETA, 64, 0.5, 256, false),
                List.of(0.05, 0.1, 0.5, 2.5),
                3);
    }

    /** The same on a tenth of the images and with short trainings: every stage in minutes, figures that mean nothing. */
    public DreamPreset shortened() {
        EmbeddingSampling few =
                new EmbeddingSampling(Side.OUTLIER, 0.1, 10, 20, 8, 30, 2, 1, outliers.legacySelection());
        EmbeddingSampling in =
                new EmbeddingSampling(Side.INLIER, 0.03, 10, 50, 16, 30, 1, 1, outliers.legacySelection());
        return new DreamPreset(
                name,
                data,
                large,
                true,
                generator,
                size,
                width,
                SgdSettings.of(6, 32, 0.05, embedding.augmentation()),
                few,
                sigmas,
                in,
                new Drawing("plms", 10, 2, 64),
                strength,
                new ClassifierConfig(
                        size,
                        SgdSettings.of(6, 32, 0.05, classifier.sgd().augmentation()),
                        32,
                        classifier.beta(),
                        64,
                        0.5,
                        32,
                        classifier.idStatistics()),
                otherBetas,
                2);
    }

    /** The same with the official program's choice of embeddings. */
    public DreamPreset withLegacySelection(boolean legacy) {
        return with(outliers.withLegacySelection(legacy), inliers.withLegacySelection(legacy), classifier, seeds);
    }

    /** The same with classifiers whose running statistics are those of ID images alone, or of all they see. */
    public DreamPreset withIdStatistics(boolean idStatistics) {
        return with(outliers, inliers, classifier.withIdStatistics(idStatistics), seeds);
    }

    /** The same with another number of trainings of each line. */
    public DreamPreset withSeeds(int n) {
        return with(outliers, inliers, classifier, n);
    }

    private DreamPreset with(EmbeddingSampling far, EmbeddingSampling near, ClassifierConfig learned, int trainings) {
        return new DreamPreset(
                name,
                data,
                large,
                quick,
                generator,
                size,
                width,
                embedding,
                far,
                sigmas,
                near,
                drawing,
                strength,
                learned,
                otherBetas,
                trainings);
    }

    /**
     * The lines of the experiment's table. Digits have those that see everything through the autoencoder only if they are named, so
     * that one command stays below half an hour.
     */
    public List<Variant> variants() {
        return name.equals("mnist") ? Variant.all(classifier.beta(), otherBetas) : known();
    }

    private List<Variant> known() {
        List<Variant> all = new ArrayList<>(Variant.all(classifier.beta(), otherBetas));
        all.addAll(Variant.seen(classifier.beta()));
        return all;
    }

    /**
     * Those lines that are named, in the table's order; the two that a report compares are always among them.
     *
     * @throws IllegalArgumentException if there is no line of a name; the message has all names
     */
    public List<Variant> variants(List<String> names) {
        List<Variant> all = known();
        List<String> known = all.stream().map(Variant::name).toList();
        for (String name : names) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "there is no line \"" + name + "\"; there are " + String.join(", ", known));
            }
        }
        return all.stream()
                .filter(v ->
                        names.contains(v.name()) || v.name().equals(Variant.PLAIN) || v.role() == Variant.Role.METHOD)
                .toList();
    }
}
