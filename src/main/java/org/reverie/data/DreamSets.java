package org.reverie.data;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.reverie.random.Philox;

/**
 * The experiments of the reduced Dream-OOD setting. Images of a class are taken in the order of their file, the first to train,
 * the next to validate, and to test the first of the test file; where one file serves all, in one shuffled order that is always the
 * same. So no image is in two parts. Training images lie class by class, equally many of each.
 */
public final class DreamSets {
    private static final int FAR = 1800;

    private DreamSets() {}

    /**
     * One experiment.
     *
     * @param set the data set's name in the catalogue
     * @param split the file that training and validation come from
     * @param classes the ID classes; the others are the near outliers
     * @param counts images of a class to train, to validate, and at most to test
     * @param far sets of the catalogue
     */
    private record Plan(
            String set, Split split, PixelFormat format, List<Integer> classes, int[] counts, List<String> far) {}

    /** The names that {@link #open} knows. */
    public static List<String> names() {
        return List.of("mnist", "fashion", "cifar10");
    }

    private static Plan plan(String name) {
        return switch (name) {
            case "mnist" ->
                new Plan(
                        "mnist",
                        Split.TEST,
                        PixelFormat.STROKES_16,
                        List.of(0, 1, 2, 3, 4, 5),
                        new int[] {500, 90, 300},
                        List.of("omniglot"));
            case "fashion" ->
                new Plan(
                        "fashion-mnist",
                        Split.TRAIN,
                        PixelFormat.GREY_16,
                        List.of(0, 1, 2, 3, 5, 8, 9),
                        new int[] {1000, 200, 300},
                        List.of("mnist", "kmnist", "omniglot"));
            case "cifar10" ->
                new Plan(
                        "cifar10",
                        Split.TRAIN,
                        PixelFormat.COLOUR_16,
                        List.of(0, 1, 2, 5, 6, 7, 8),
                        new int[] {800, 100, 1000},
                        List.of("svhn", "dtd", "tinyimagenet", "mnist", "omniglot"));
            default ->
                throw new IllegalArgumentException(
                        "there is no experiment \"" + name + "\"; there are " + String.join(", ", names()));
        };
    }

    /**
     * Opens an experiment. Far outlier sets that are not in the data folder are left out, unless none is there.
     *
     * @param name {@code mnist}: digits 0–5 of the test file against 6–9 and Omniglot; {@code fashion}: seven kinds of clothes
     *     against three similar ones, digits, kana and Omniglot; {@code cifar10}: seven classes against the other three and what
     *     else there is
     * @param quick a tenth of the images, to try every stage
     * @throws FileNotFoundException if the ID set or every far set is missing; the message lists the places
     */
    public static DreamSplits open(String name, Path dataFolder, boolean quick) throws IOException {
        return open(plan(name), dataFolder, quick);
    }

    /** As above, in 32×32 colour instead of the experiment's own format. */
    public static DreamSplits openLarge(String name, Path dataFolder) throws IOException {
        Plan p = plan(name);
        return open(new Plan(p.set, p.split, PixelFormat.COLOUR_32, p.classes, p.counts, p.far), dataFolder, false);
    }

    private static DreamSplits open(Plan plan, Path dataFolder, boolean quick) throws IOException {
        int share = quick ? 10 : 1;
        int training = plan.counts[0] / share;
        int held = Math.max(10, plan.counts[1] / share);
        int tested = plan.counts[2] / share;
        try (ImageSet first = DataCatalogue.resolve(plan.set, dataFolder, plan.split);
                ImageSet second = DataCatalogue.resolve(plan.set, dataFolder, Split.TEST)) {
            // One file serves both where the experiment takes its training images from the test file.
            int skipped = plan.split == Split.TEST ? plan.counts[0] + plan.counts[1] : 0;
            List<Integer> others = others(first, plan.classes);
            List<PixelSet> outliers = new ArrayList<>();
            PixelSet near = part(plan, second, others, 0, tested, plan.set + " held-out classes");
            outliers.add(near.unlabelled(near.name()));
            outliers.addAll(far(plan, dataFolder, FAR / share));
            return new DreamSplits(
                    part(plan, first, plan.classes, 0, training, plan.set),
                    part(plan, first, plan.classes, plan.counts[0], held, plan.set + " validation"),
                    part(plan, second, plan.classes, skipped, tested, plan.set + " test"),
                    outliers);
        }
    }

    private static List<Integer> others(ImageSet set, List<Integer> classes) {
        List<Integer> others = new ArrayList<>();
        for (int c = 0; c < set.classNames().size(); c++) {
            if (!classes.contains(c)) {
                others.add(c);
            }
        }
        return others;
    }

    /** {@code count} images of each class, or as many as there are, after the first {@code skipped}; labels are renumbered. */
    private static PixelSet part(Plan plan, ImageSet set, List<Integer> classes, int skipped, int count, String name)
            throws IOException {
        int[] order = order(plan, set);
        List<Integer> rows = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            int seen = 0;
            for (int k = 0; k < order.length && seen < skipped + count; k++) {
                int i = order[k];
                if (set.label(i) == classes.get(c) && seen++ >= skipped) {
                    rows.add(i);
                    labels.add(c);
                }
            }
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(set.name() + " has no images of the classes " + classes);
        }
        PixelSet images = plan.format.of(set.select(ints(rows)), name);
        List<String> names = classes.stream().map(c -> set.classNames().get(c)).toList();
        return new PixelSet(name, images.side(), images.channels(), images.pixels(), ints(labels), names);
    }

    /**
     * The order of a file, or a shuffled one where one file serves training and test: the two halves of MNIST's test file are by
     * different writers, so that in its own order the tested digits would be strangers themselves.
     */
    private static int[] order(Plan plan, ImageSet set) {
        return plan.split == Split.TEST
                ? Philox.permutation(0, Philox.stream("dream.split"), set.size())
                : IntStream.range(0, set.size()).toArray();
    }

    private static List<PixelSet> far(Plan plan, Path dataFolder, int count) throws IOException {
        List<PixelSet> found = new ArrayList<>();
        FileNotFoundException missing = null;
        for (String name : plan.far) {
            try (ImageSet set = DataCatalogue.resolve(name, dataFolder, Split.TEST)) {
                ImageSet some = set.limit(count);
                PixelSet images =
                        name.equals("omniglot") ? plan.format.ofDrawings(some, name) : plan.format.of(some, name);
                found.add(images.unlabelled(name));
            } catch (FileNotFoundException e) {
                missing = e;
            }
        }
        if (found.isEmpty() && missing != null) {
            throw missing;
        }
        return found;
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
