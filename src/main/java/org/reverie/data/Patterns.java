package org.reverie.data;

import java.util.List;

/** The drawn sets that are not scenes. */
final class Patterns {
    static final List<String> GLYPH_CLASSES =
            Glyphs.CHARACTERS.chars().mapToObj(Character::toString).toList();
    static final List<String> STRIPE_CLASSES = List.of("stripes", "checks", "rings");

    private Patterns() {}

    private static Form randomGlyph(int side, int number, Draws draws) {
        return Glyphs.form(
                number,
                side / 2.0 + draws.uniform(-2, 2),
                side / 2.0 + draws.uniform(-2, 2),
                side * draws.uniform(0.55, 0.75),
                draws.uniform(-0.3, 0.3),
                draws.uniform(-0.1, 0.3),
                side * draws.uniform(0.06, 0.12));
    }

    /** A white character on black with a slightly shaky pen. */
    static Image glyph(int side, int number, Draws draws) {
        Canvas canvas = new Canvas(side);
        ValueNoise noise = new ValueNoise(draws.next());
        canvas.draw(randomGlyph(side, number, draws).rough(noise, side * 0.12, 0.8), Canvas.plain(1, 1, 1));
        return canvas.toImage();
    }

    /** A coloured character between parts of others on a shaded ground, softened and grainy, as on house walls. */
    static Image sign(int side, int number, Draws draws) {
        Canvas canvas = new Canvas(side);
        double[] ground = draws.colour(0.1, 0.9);
        double[] ink = draws.colour(0.1, 0.9);
        double apart = Math.abs(ground[0] - ink[0]) + Math.abs(ground[1] - ink[1]) + Math.abs(ground[2] - ink[2]);
        if (apart < 0.6) {
            ink = new double[] {(ground[0] + 0.5) % 1, (ground[1] + 0.5) % 1, (ground[2] + 0.5) % 1};
        }
        double[] lower = {
            ground[0] + draws.uniform(-0.1, 0.1),
            ground[1] + draws.uniform(-0.1, 0.1),
            ground[2] + draws.uniform(-0.1, 0.1)
        };
        canvas.fill(Canvas.vertical(ground, lower, 0, side));
        for (double at : new double[] {-0.1, 1.1}) {
            if (draws.chance(0.5)) {
                Form beside =
                        Glyphs.form(draws.below(Glyphs.count()), side * at, side / 2.0, side * 0.65, 0, 0, side * 0.1);
                canvas.draw(beside, Canvas.plain(ink));
            }
        }
        canvas.draw(randomGlyph(side, number, draws), Canvas.plain(ink));
        canvas.expose(draws, 1, 0, draws.uniform(0.005, 0.02));
        return Corruptions.blur(canvas.toImage(), draws.uniform(0.3, 1));
    }

    /** Two colours blended by a wave: along a line, along two, or around a centre. */
    static Image stripes(int side, int kind, Draws draws) {
        Canvas canvas = new Canvas(side);
        double[] one = draws.colour(0, 1);
        double[] two = draws.colour(0, 1);
        double angle = draws.uniform(0, Math.PI);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        double waves = 2 * Math.PI * draws.uniform(2, 7) / side;
        double phase = draws.uniform(0, 2 * Math.PI);
        double cx = side * draws.uniform(0.2, 0.8);
        double cy = side * draws.uniform(0.2, 0.8);
        double hard = draws.chance(0.5) ? 4 : 1;
        canvas.fill((x, y, out) -> {
            double u = waves * (x * cos + y * sin) + phase;
            double v = waves * (y * cos - x * sin);
            double wave = switch (kind) {
                case 0 -> StrictMath.sin(u);
                case 1 -> StrictMath.sin(u) * StrictMath.sin(v);
                default -> StrictMath.sin(waves * Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) + phase);
            };
            double t = Math.clamp(0.5 + 0.5 * hard * wave, 0.0, 1.0);
            for (int c = 0; c < 3; c++) {
                out[c] = one[c] + t * (two[c] - one[c]);
            }
        });
        canvas.expose(draws, 1, 0, draws.uniform(0, 0.03));
        return canvas.toImage();
    }

    /** Every sample drawn on its own, uniform from 0 to 255. */
    static Image noise(int side, Draws draws) {
        byte[] rgb = new byte[3 * side * side];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) draws.below(256);
        }
        return new Image(side, side, rgb);
    }
}
