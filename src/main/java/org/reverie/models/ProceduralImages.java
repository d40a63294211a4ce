package org.reverie.models;

import org.reverie.numerics.Elementary;
import org.reverie.random.Philox;

/**
 * Images that teach an encoder to see without any data: twelve kinds of drawn 32×32 patterns (specification in
 * docs/dlsr.md). Every number comes from a Philox stream named by the seed and the image's index, and from the engine's
 * own elementary functions, so the images are the same on every machine.
 */
public final class ProceduralImages {
    /** Height and width in pixels. */
    public static final int SIDE = 32;

    /** Floats of one image. */
    public static final int FLOATS = SIDE * SIDE * 3;

    /** The kinds, in the order of their labels. */
    public enum Kind {
        STRIPES,
        CHECKERBOARD,
        GRADIENT,
        NOISE_32,
        NOISE_10,
        NOISE_4,
        DISC,
        RING,
        POLYGON,
        STROKE,
        STROKES,
        DOTS
    }

    /** Number of classes. */
    public static final int CLASSES = Kind.values().length;

    private final long seed;

    public ProceduralImages(long seed) {
        this.seed = seed;
    }

    /** The class of image {@code index}. */
    public int label(long index) {
        return new Draws(seed, index).below(CLASSES);
    }

    /** Writes image {@code index} as {@code [32, 32, 3]} floats, (x − 0.5) / 0.25 for x in [0, 1], and returns its label. */
    public int fill(long index, float[] out, int offset) {
        Draws d = new Draws(seed, index);
        int label = d.below(CLASSES);
        float[] field = field(Kind.values()[label], d);
        float[] a = new float[3];
        float[] b = new float[3];
        boolean grey = d.uniform() < 0.4f;
        for (int c = 0; c < 3; c++) {
            a[c] = d.uniform();
            b[c] = d.uniform();
        }
        float sigma = 0.06f * d.uniform();
        for (int i = 0; i < SIDE * SIDE; i++) {
            for (int c = 0; c < 3; c++) {
                int from = grey ? 0 : c;
                float x = Math.fma(field[i], b[from] - a[from], a[from]) + sigma * d.normal();
                out[offset + i * 3 + c] = (Math.max(0, Math.min(1, x)) - 0.5f) / 0.25f;
            }
        }
        return label;
    }

    /** Numbers drawn one after the other from the image's own stream. */
    private static final class Draws {
        private final long seed;
        private final long stream;
        private long next;

        Draws(long seed, long index) {
            this.seed = seed;
            this.stream = Philox.stream("procedural.image", index);
        }

        float uniform() {
            return Philox.uniform(seed, stream, next++);
        }

        float uniform(float from, float to) {
            return Math.fma(uniform(), to - from, from);
        }

        float normal() {
            return Philox.normal(seed, stream, next++);
        }

        int below(int n) {
            return Math.min(n - 1, (int) (uniform() * n));
        }
    }

    private static float[] field(Kind kind, Draws d) {
        return switch (kind) {
            case STRIPES -> stripes(d);
            case CHECKERBOARD -> checkerboard(d);
            case GRADIENT -> gradient(d);
            case NOISE_32 -> noise(d, 32);
            case NOISE_10 -> noise(d, 10);
            case NOISE_4 -> noise(d, 4);
            case DISC -> disc(d);
            case RING -> ring(d);
            case POLYGON -> polygon(d);
            case STROKE -> strokes(d, 1);
            case STROKES -> strokes(d, 4);
            case DOTS -> dots(d);
        };
    }

    /** A field is drawn over coordinates in [−1, 1], x to the right, y down. */
    private interface Field {
        float at(float x, float y);
    }

    private static float[] draw(Field f) {
        float[] field = new float[SIDE * SIDE];
        for (int r = 0; r < SIDE; r++) {
            for (int c = 0; c < SIDE; c++) {
                field[r * SIDE + c] = f.at((2 * c - 31) / 31f, (2 * r - 31) / 31f);
            }
        }
        return field;
    }

    private static final float PI = 3.14159265f;

    private static float[] direction(Draws d) {
        float angle = d.uniform(0, 2 * PI);
        return new float[] {Elementary.cos(angle), Elementary.sin(angle)};
    }

    private static float[] stripes(Draws d) {
        float[] n = direction(d);
        float frequency = d.uniform(3, 14);
        float phase = d.uniform(0, 2 * PI);
        return draw((x, y) -> 0.5f + 0.5f * Elementary.sin(frequency * (n[0] * x + n[1] * y) + phase));
    }

    private static float[] checkerboard(Draws d) {
        float[] n = direction(d);
        float frequency = d.uniform(3, 12);
        float p = d.uniform(0, 2 * PI);
        float q = d.uniform(0, 2 * PI);
        return draw((x, y) -> {
            float u = Elementary.sin(frequency * (n[0] * x + n[1] * y) + p);
            float v = Elementary.sin(frequency * (n[0] * y - n[1] * x) + q);
            return u * v > 0 ? 1 : 0;
        });
    }

    private static float[] gradient(Draws d) {
        float[] n = direction(d);
        return draw((x, y) -> Math.max(0, Math.min(1, 0.5f + 0.5f * (n[0] * x + n[1] * y))));
    }

    /** Uniform noise on a coarse grid, enlarged by Catmull-Rom interpolation. */
    private static float[] noise(Draws d, int cells) {
        float[] grid = new float[cells * cells];
        for (int i = 0; i < grid.length; i++) {
            grid[i] = d.uniform();
        }
        if (cells == SIDE) {
            return grid;
        }
        float[] field = new float[SIDE * SIDE];
        float scale = cells / (float) SIDE;
        for (int r = 0; r < SIDE; r++) {
            float y = (r + 0.5f) * scale - 0.5f;
            for (int c = 0; c < SIDE; c++) {
                float x = (c + 0.5f) * scale - 0.5f;
                field[r * SIDE + c] = Math.max(0, Math.min(1, bicubic(grid, cells, x, y)));
            }
        }
        return field;
    }

    private static float bicubic(float[] grid, int cells, float x, float y) {
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        float sum = 0;
        for (int j = -1; j <= 2; j++) {
            float row = 0;
            int gy = Math.max(0, Math.min(cells - 1, y0 + j));
            for (int i = -1; i <= 2; i++) {
                int gx = Math.max(0, Math.min(cells - 1, x0 + i));
                row = Math.fma(catmullRom(x - x0 - i), grid[gy * cells + gx], row);
            }
            sum = Math.fma(catmullRom(y - y0 - j), row, sum);
        }
        return sum;
    }

    private static float catmullRom(float t) {
        float a = Math.abs(t);
        if (a < 1) {
            return (1.5f * a - 2.5f) * a * a + 1;
        }
        return a < 2 ? ((-0.5f * a + 2.5f) * a - 4) * a + 2 : 0;
    }

    /** 1 inside, 0 outside, a linear edge about a pixel wide between. */
    private static float inside(float signedDistance) {
        return Math.max(0, Math.min(1, 0.5f - signedDistance * 16));
    }

    private static float length(float x, float y) {
        return (float) Math.sqrt(x * x + y * y);
    }

    private static float[] disc(Draws d) {
        float cx = d.uniform(-0.4f, 0.4f);
        float cy = d.uniform(-0.4f, 0.4f);
        float r = d.uniform(0.25f, 0.7f);
        return draw((x, y) -> inside(length(x - cx, y - cy) - r));
    }

    private static float[] ring(Draws d) {
        float cx = d.uniform(-0.3f, 0.3f);
        float cy = d.uniform(-0.3f, 0.3f);
        float r = d.uniform(0.35f, 0.75f);
        float half = d.uniform(0.05f, 0.14f);
        return draw((x, y) -> inside(Math.abs(length(x - cx, y - cy) - r) - half));
    }

    /** The intersection of four half-planes around a centre. */
    private static float[] polygon(Draws d) {
        float cx = d.uniform(-0.3f, 0.3f);
        float cy = d.uniform(-0.3f, 0.3f);
        float[][] sides = new float[4][];
        float turn = d.uniform(0, PI / 2);
        for (int i = 0; i < 4; i++) {
            float angle = turn + i * PI / 2 + d.uniform(-0.4f, 0.4f);
            sides[i] = new float[] {Elementary.cos(angle), Elementary.sin(angle), d.uniform(0.25f, 0.65f)};
        }
        return draw((x, y) -> {
            float distance = Float.NEGATIVE_INFINITY;
            for (float[] s : sides) {
                distance = Math.max(distance, s[0] * (x - cx) + s[1] * (y - cy) - s[2]);
            }
            return inside(distance);
        });
    }

    /** The maximum of straight strokes with round ends. */
    private static float[] strokes(Draws d, int count) {
        float[][] s = new float[count][];
        for (int i = 0; i < count; i++) {
            s[i] = new float[] {
                d.uniform(-0.8f, 0.8f),
                d.uniform(-0.8f, 0.8f),
                d.uniform(-0.8f, 0.8f),
                d.uniform(-0.8f, 0.8f),
                d.uniform(0.04f, 0.14f)
            };
        }
        return draw((x, y) -> {
            float most = 0;
            for (float[] t : s) {
                most = Math.max(most, inside(toSegment(x, y, t) - t[4]));
            }
            return most;
        });
    }

    private static float toSegment(float x, float y, float[] s) {
        float dx = s[2] - s[0];
        float dy = s[3] - s[1];
        float along = ((x - s[0]) * dx + (y - s[1]) * dy) / (dx * dx + dy * dy + 1e-6f);
        float t = Math.max(0, Math.min(1, along));
        return length(x - s[0] - t * dx, y - s[1] - t * dy);
    }

    private static float[] dots(Draws d) {
        float[][] dots = new float[8][];
        for (int i = 0; i < dots.length; i++) {
            dots[i] = new float[] {d.uniform(-0.9f, 0.9f), d.uniform(-0.9f, 0.9f), d.uniform(0.06f, 0.16f)};
        }
        return draw((x, y) -> {
            float most = 0;
            for (float[] p : dots) {
                most = Math.max(most, inside(length(x - p[0], y - p[1]) - p[2]));
            }
            return most;
        });
    }
}
