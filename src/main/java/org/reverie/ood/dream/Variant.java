package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.reverie.data.PixelSet;

/**
 * One line of an experiment's table: a way to train the classifier.
 *
 * @param name short, as in file names
 * @param title as shown to the user
 * @param source what is foreign
 * @param beta weight of the regulariser
 * @param passed what images pass through that bear the traces of a generator
 * @param role what the line is there for
 */
public record Variant(String name, String title, Source source, double beta, Passed passed, Role role) {
    /** The line that has nothing but the classes. */
    public static final String PLAIN = "ce";

    /** The line of the method. */
    public static final String METHOD = "pooled";

    /** Where outliers, or further inliers, come from. */
    public enum Source {
        NONE,
        NOISE,
        VOS,
        NPOS,
        /** Imagined ones of all deviations as they are. */
        UNFILTERED,
        /** Imagined ones of all deviations that pass the filter. */
        POOLED,
        /** None; imagined inliers join the ID images. */
        INLIERS
    }

    /** What half of the ID images of a training, or all images, pass through, so that they bear the traces of a generator, too. */
    public enum Passed {
        NOTHING,
        /** The generator's autoencoder. */
        AUTOENCODER,
        /** All of the generator: noised half way and drawn again from their own embedding. */
        GENERATOR,
        /** The autoencoder, and not half of the images but all, also those of validation and test and the foreign ones. */
        AUTOENCODER_ALL
    }

    /** What a line is compared as. */
    public enum Role {
        /** Does without the generator's outliers. */
        CONTROL,
        /** Leaves one part of the method out, or turns one screw. */
        ABLATION,
        /** The method itself; named before anything is measured. */
        METHOD
    }

    /**
     * All lines of a table. The method is the pooled and filtered one with the given β and reworked ID images. Controls with
     * outliers of another kind have the reworked images, too, so that what differs is where outliers come from.
     */
    public static List<Variant> all(double beta, List<Double> otherBetas) {
        List<Variant> all = new ArrayList<>();
        all.add(new Variant(PLAIN, "cross-entropy", Source.NONE, 0, Passed.NOTHING, Role.CONTROL));
        all.add(new Variant(
                "reconstructions", "reconstructions only", Source.NONE, 0, Passed.AUTOENCODER, Role.CONTROL));
        all.add(new Variant("reworked", "reworked images only", Source.NONE, 0, Passed.GENERATOR, Role.CONTROL));
        all.add(reworked("noise", "uniform noise", Source.NOISE, beta, Role.CONTROL));
        all.add(reworked("vos", "features, VOS-like", Source.VOS, beta, Role.CONTROL));
        all.add(reworked("npos", "features, NPOS-like", Source.NPOS, beta, Role.CONTROL));
        all.add(reworked("unfiltered", "imagined, unfiltered", Source.UNFILTERED, beta, Role.ABLATION));
        all.add(pooled("real", "imagined, filtered, ID images as they are", beta, Passed.NOTHING, Role.ABLATION));
        all.add(pooled("autoencoded", "imagined, filtered, reconstructions", beta, Passed.AUTOENCODER, Role.ABLATION));
        for (double other : otherBetas) {
            String title = "imagined, filtered, β = " + number(other);
            all.add(pooled("pooled-beta-" + number(other), title, other, Passed.GENERATOR, Role.ABLATION));
        }
        String title = "imagined, filtered, β = " + number(beta);
        all.add(pooled(METHOD, title, beta, Passed.GENERATOR, Role.METHOD));
        all.add(new Variant("inliers", "inliers added (Dream-ID)", Source.INLIERS, 0, Passed.NOTHING, Role.ABLATION));
        return all;
    }

    /**
     * Lines whose classifiers see every image through the generator's autoencoder, in training and ever after, so that its traces
     * are on all of them.
     */
    static List<Variant> seen(double beta) {
        String title = "all seen through the autoencoder: ";
        Passed all = Passed.AUTOENCODER_ALL;
        return List.of(
                new Variant("ce-seen", title + "cross-entropy", Source.NONE, 0, all, Role.CONTROL),
                new Variant("npos-seen", title + "features, NPOS-like", Source.NPOS, beta, all, Role.CONTROL),
                pooled("pooled-seen", title + "imagined, filtered, β = " + number(beta), beta, all, Role.ABLATION));
    }

    private static Variant reworked(String name, String title, Source source, double beta, Role role) {
        return new Variant(name, title, source, beta, Passed.GENERATOR, role);
    }

    private static Variant pooled(String name, String title, double beta, Passed passed, Role role) {
        return new Variant(name, title, Source.POOLED, beta, passed, role);
    }

    private static String number(double v) {
        return String.format(Locale.ROOT, "%s", v == Math.rint(v) ? Long.toString((long) v) : Double.toString(v));
    }

    /** Whether the last layer's input, the images or neither are foreign. */
    Outliers outliers(Material material) {
        return switch (source) {
            case NONE, INLIERS -> Outliers.NONE;
            case NOISE -> new Outliers.Noise();
            case VOS -> new Outliers.Features(FeatureOutliers.Kind.VOS, Outliers.Features.START);
            case NPOS -> new Outliers.Features(FeatureOutliers.Kind.NPOS, Outliers.Features.START);
            case UNFILTERED -> new Outliers.Pool(material.unfiltered());
            case POOLED -> new Outliers.Pool(material.pooled());
        };
    }

    /**
     * The generated images of an experiment, by how they were chosen.
     *
     * @param reconstructions the training images as the autoencoder gives them back
     * @param reworked the training images as the whole generator draws them again
     */
    public record Material(
            PixelSet reconstructions, PixelSet reworked, PixelSet unfiltered, PixelSet pooled, PixelSet inliers) {
        /** The images that stand in for some ID images; null for those themselves. */
        PixelSet passed(Passed how) {
            return switch (how) {
                case NOTHING, AUTOENCODER_ALL -> null;
                case AUTOENCODER -> reconstructions;
                case GENERATOR -> reworked;
            };
        }

        /** What a variant's training has of this, so that a result of other images is known to be one. */
        String identity(Variant v, PixelSet train) {
            PixelSet pool = switch (v.source()) {
                case UNFILTERED -> unfiltered;
                case POOLED -> pooled;
                case INLIERS -> inliers;
                case NONE, NOISE, VOS, NPOS -> null;
            };
            return "images " + print(train) + ", passed " + print(passed(v.passed())) + ", generated " + print(pool);
        }

        private static String print(PixelSet set) {
            return set == null
                    ? "none"
                    : set.size() + " " + Integer.toHexString(Arrays.hashCode(set.pixels()))
                            + Integer.toHexString(Arrays.hashCode(set.labels()));
        }
    }
}
