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
 * @param reconstructions whether half of the ID images are passed through the autoencoder
 * @param role what the line is there for
 */
public record Variant(String name, String title, Source source, double beta, boolean reconstructions, Role role) {
    /** Where outliers, or further inliers, come from. */
    public enum Source {
        NONE,
        NOISE,
        VOS,
        NPOS,
        /** Imagined ones of all deviations as they are. */
        UNFILTERED,
        /** Imagined ones of one deviation that pass the filter. */
        SINGLE,
        /** Imagined ones of all deviations that pass the filter. */
        POOLED,
        /** None; imagined inliers join the ID images. */
        INLIERS
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
     * All lines of a table. The method is the pooled and filtered one with the given β. Controls with outliers of another
     * kind have the reconstructions, too, so that what differs is where outliers come from.
     */
    public static List<Variant> all(double beta, List<Double> otherBetas) {
        List<Variant> all = new ArrayList<>();
        all.add(new Variant("ce", "cross-entropy", Source.NONE, 0, false, Role.CONTROL));
        all.add(new Variant("reconstructions", "reconstructions only", Source.NONE, 0, true, Role.CONTROL));
        all.add(new Variant("noise", "uniform noise, reconstructions", Source.NOISE, beta, true, Role.CONTROL));
        all.add(new Variant("vos", "features, VOS-like, reconstructions", Source.VOS, beta, true, Role.CONTROL));
        all.add(new Variant("npos", "features, NPOS-like, reconstructions", Source.NPOS, beta, true, Role.CONTROL));
        all.add(new Variant("unfiltered", "imagined, unfiltered", Source.UNFILTERED, beta, true, Role.ABLATION));
        all.add(new Variant("single", "imagined, filtered, one σ", Source.SINGLE, beta, true, Role.ABLATION));
        all.add(new Variant(
                "unreconstructed",
                "imagined, filtered, no reconstructions",
                Source.POOLED,
                beta,
                false,
                Role.ABLATION));
        for (double other : otherBetas) {
            all.add(new Variant(
                    "pooled-beta-" + number(other),
                    "imagined, filtered, β = " + number(other),
                    Source.POOLED,
                    other,
                    true,
                    Role.ABLATION));
        }
        all.add(new Variant(
                "pooled", "imagined, filtered, β = " + number(beta), Source.POOLED, beta, true, Role.METHOD));
        all.add(new Variant("inliers", "inliers added (Dream-ID)", Source.INLIERS, 0, true, Role.ABLATION));
        return all;
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
            case SINGLE -> new Outliers.Pool(material.single());
            case POOLED -> new Outliers.Pool(material.pooled());
        };
    }

    /** The generated images of an experiment, by how they were chosen. */
    public record Material(
            PixelSet reconstructions, PixelSet unfiltered, PixelSet single, PixelSet pooled, PixelSet inliers) {
        /** What a variant's training has of this, so that a result of other images is known to be one. */
        String identity(Variant v, PixelSet train) {
            PixelSet pool = switch (v.source()) {
                case UNFILTERED -> unfiltered;
                case SINGLE -> single;
                case POOLED -> pooled;
                case INLIERS -> inliers;
                case NONE, NOISE, VOS, NPOS -> null;
            };
            return "images " + print(train) + ", reconstructions " + print(v.reconstructions() ? reconstructions : null)
                    + ", generated " + print(pool);
        }

        private static String print(PixelSet set) {
            return set == null
                    ? "none"
                    : set.size() + " " + Integer.toHexString(Arrays.hashCode(set.pixels()))
                            + Integer.toHexString(Arrays.hashCode(set.labels()));
        }
    }
}
