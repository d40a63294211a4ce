package org.reverie.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Sets of 32x32 images that the program draws itself, for a demonstration without any file. {@code drawn-scenes} plays
 * the in-distribution set; it is the structured and varied one, because images simpler than the training set
 * reconstruct too well to stand out by their error alone. Image i of a set depends on the set's name, the seed and i
 * only, and has the same bytes on every machine.
 */
public final class DrawnSets {
    /** Height and width of all drawn images. */
    public static final int SIDE = 32;

    /** Images in the training part of {@link #open}. */
    public static final int TRAIN_SIZE = 4000;

    /** Images in the test part of {@link #open}. */
    public static final int TEST_SIZE = 1000;

    private static final String PREFIX = "drawn-";
    private static final long TEST_SEED = 1;
    private static final long TRAIN_SEED = 2;

    private DrawnSets() {}

    /** What a set shows. */
    private enum Kind {
        SCENES("scenes with a thing of one of ten kinds", Scenes.CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Scenes.draw(SIDE, label, draws);
            }
        },
        GLYPHS("white digits and letters on black", Patterns.GLYPH_CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Patterns.glyph(SIDE, label, draws);
            }
        },
        SIGNS("coloured digits and letters on coloured grounds", Patterns.GLYPH_CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Patterns.sign(SIDE, label, draws);
            }
        },
        STRIPES("stripes, checks and rings", Patterns.STRIPE_CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Patterns.stripes(SIDE, label, draws);
            }
        },
        NOISE("independent random samples", List.of("noise")) {
            @Override
            Image draw(int label, Draws draws) {
                return Patterns.noise(SIDE, draws);
            }
        },
        NEGATIVES("scenes with all samples inverted", Scenes.CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Corruptions.invert(Scenes.draw(SIDE, label, draws));
            }
        },
        SHUFFLED("scenes with their 8x8 patches in random order", Scenes.CLASSES) {
            @Override
            Image draw(int label, Draws draws) {
                return Corruptions.shufflePatches(Scenes.draw(SIDE, label, draws), 8, draws);
            }
        };

        private final String about;
        private final List<String> classes;

        Kind(String about, List<String> classes) {
            this.about = about;
            this.classes = classes;
        }

        abstract Image draw(int label, Draws draws);

        String setName() {
            return PREFIX + name().toLowerCase(Locale.ROOT);
        }
    }

    /** The names of all drawn sets, the in-distribution one first. */
    public static List<String> names() {
        return Arrays.stream(Kind.values()).map(Kind::setName).toList();
    }

    /** Whether a name is that of a drawn set. */
    public static boolean isName(String name) {
        return names().contains(name);
    }

    /** One line on what a set shows. */
    public static String about(String name) {
        return kind(name).about;
    }

    /** The training part (4,000 images) or the test part (1,000 others) of a drawn set. */
    public static ImageSet open(String name, Split split) {
        return split == Split.TRAIN ? of(name, TRAIN_SIZE, TRAIN_SEED) : of(name, TEST_SIZE, TEST_SEED);
    }

    /** The first {@code size} images of the endless set of a name and a seed. */
    public static ImageSet of(String name, int size, long seed) {
        if (size < 1) {
            throw new IllegalArgumentException("a set has at least one image, not " + size);
        }
        return new DrawnSet(kind(name), size, seed);
    }

    private static Kind kind(String name) {
        for (Kind kind : Kind.values()) {
            if (kind.setName().equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(
                "no drawn set is called \"" + name + "\"; there are " + String.join(", ", names()));
    }

    private record DrawnSet(Kind kind, int size, long seed) implements ImageSet {
        @Override
        public String name() {
            return kind.setName();
        }

        private Draws draws(int index) {
            return new Draws(kind.ordinal(), seed, Objects.checkIndex(index, size));
        }

        private int label(Draws draws) {
            return draws.below(kind.classes.size());
        }

        @Override
        public Image image(int index) {
            Draws draws = draws(index);
            return kind.draw(label(draws), draws);
        }

        @Override
        public int label(int index) {
            return label(draws(index));
        }

        @Override
        public List<String> classNames() {
            return kind.classes;
        }
    }
}
