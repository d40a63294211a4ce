package org.reverie.data;

import java.util.List;

/**
 * Small scenes with a sky, a ground and a thing of one of ten kinds: the set that plays "in distribution" when no data
 * is at hand. Colours, light, places, textures and grain vary in every picture, so that it is the complex and
 * structured set against simpler ones, as CIFAR is against digits.
 */
final class Scenes {
    static final List<String> CLASSES =
            List.of("house", "tree", "car", "boat", "mountain", "flower", "bird", "animal", "balloon", "towers");

    private final Draws draws;
    private final Canvas canvas;
    private final ValueNoise noise;
    private final double side;
    /** Where the thing stands, and its size: all in pixels. */
    private double x;

    private double y;
    private double size;

    private Scenes(int side, Draws draws) {
        this.side = side;
        this.draws = draws;
        this.canvas = new Canvas(side);
        this.noise = new ValueNoise(draws.next());
    }

    /** Draws the scene of a class, 0 to 9. */
    static Image draw(int side, int label, Draws draws) {
        Scenes scene = new Scenes(side, draws);
        double horizon = side * draws.uniform(0.35, 0.75);
        scene.background(horizon, label == 3);
        scene.clutter(horizon);
        scene.size = side * draws.uniform(0.45, 0.8);
        scene.x = side * draws.uniform(0.35, 0.65);
        scene.y = Math.min(side * 0.95, horizon + side * draws.uniform(0.05, 0.25));
        scene.thing(label, horizon);
        scene.canvas.expose(draws, draws.uniform(0.75, 1.15), draws.uniform(-0.08, 0.1), draws.uniform(0.008, 0.03));
        return scene.canvas.toImage();
    }

    private void background(double horizon, boolean water) {
        double[] zenith = draws.chance(0.8)
                ? new double[] {draws.uniform(0.2, 0.55), draws.uniform(0.4, 0.7), draws.uniform(0.6, 0.95)}
                : draws.colour(0.3, 0.8);
        double[] haze = draws.colour(0.6, 0.95);
        Canvas.Paint clear = Canvas.vertical(zenith, haze, 0, horizon);
        double clouds = draws.uniform(0, 0.8);
        double cell = side * draws.uniform(0.2, 0.5);
        ValueNoise cloud = new ValueNoise(draws.next());
        canvas.fill((px, py, out) -> {
            clear.at(px, py, out);
            double white = clouds * Math.clamp(3 * cloud.fractal(px / cell, 2 * py / cell, 4, 0.55) - 1.4, 0.0, 1.0);
            for (int c = 0; c < 3; c++) {
                out[c] += white * (0.95 - out[c]);
            }
        });
        double[] near = water
                ? new double[] {draws.uniform(0.05, 0.25), draws.uniform(0.25, 0.45), draws.uniform(0.4, 0.7)}
                : ground();
        double tilt = draws.uniform(-0.12, 0.12);
        double stretch = water ? 4 : draws.uniform(1, 2.5);
        double contrast = draws.uniform(0.25, 0.7);
        double grain = side * draws.uniform(0.06, 0.2);
        ValueNoise texture = new ValueNoise(draws.next());
        Form below = (px, py) -> horizon + tilt * (px - side / 2) - py;
        canvas.draw(below.rough(texture, side * 0.2, water ? 0 : 1.5), (px, py, out) -> {
            double depth = Math.clamp((py - horizon) / (side - horizon + 1), 0.0, 1.0);
            double scale = grain * (0.4 + 0.6 * depth);
            double f = 1 + contrast * (2 * texture.fractal(px / scale, stretch * py / scale, 4, 0.7) - 1);
            for (int c = 0; c < 3; c++) {
                out[c] = f * (near[c] + (1 - depth) * 0.35 * (haze[c] - near[c]));
            }
        });
    }

    private double[] ground() {
        return switch (draws.below(4)) {
            case 0 -> new double[] {draws.uniform(0.1, 0.4), draws.uniform(0.3, 0.6), draws.uniform(0.05, 0.25)};
            case 1 -> new double[] {draws.uniform(0.5, 0.85), draws.uniform(0.45, 0.7), draws.uniform(0.25, 0.5)};
            case 2 -> new double[] {draws.uniform(0.3, 0.55), draws.uniform(0.2, 0.4), draws.uniform(0.1, 0.3)};
            default -> grey(draws.uniform(0.25, 0.8));
        };
    }

    private static double[] grey(double v) {
        return new double[] {v, v, v};
    }

    /** A few small plants or stones around the thing. */
    private void clutter(double horizon) {
        for (int n = draws.below(5); n > 0; n--) {
            double cx = draws.uniform(0, side);
            double cy = draws.uniform(horizon, side);
            double r = side * draws.uniform(0.02, 0.1);
            Form bush = Form.ellipse(cx, cy, r * draws.uniform(0.8, 1.6), r).rough(noise, 1.5 + r / 2, r / 3);
            canvas.draw(bush, skin(draws.chance(0.5) ? new double[] {0.15, draws.uniform(0.25, 0.5), 0.12} : ground()));
        }
    }

    /** A mottled paint that is lighter towards the top left of the thing. */
    private Canvas.Paint skin(double[] rgb) {
        double contrast = draws.uniform(0.1, 0.45);
        double cell = side * draws.uniform(0.06, 0.2);
        double light = draws.uniform(0.1, 0.35);
        ValueNoise own = new ValueNoise(draws.next());
        return (px, py, out) -> {
            double f = 1 + contrast * (2 * own.fractal(px / cell, py / cell, 3, 0.6) - 1);
            double shade = f * (1 + light * Math.clamp((x + y - size / 2 - px - py) / (size + 1), -1.0, 1.0));
            for (int c = 0; c < 3; c++) {
                out[c] = rgb[c] * shade;
            }
        };
    }

    private Canvas.Paint anySkin() {
        return skin(draws.colour(0.15, 0.9));
    }

    private void shadow(double width) {
        canvas.draw(Form.ellipse(x + size * 0.1, y, width, size * 0.08), Canvas.plain(0.05, 0.05, 0.08), 0.5);
    }

    private void thing(int label, double horizon) {
        switch (label) {
            case 0 -> house();
            case 1 -> tree();
            case 2 -> car();
            case 3 -> boat();
            case 4 -> mountain(horizon);
            case 5 -> flower();
            case 6 -> bird(horizon);
            case 7 -> animal();
            case 8 -> balloon();
            default -> towers(horizon);
        }
    }

    private void house() {
        double w = size * draws.uniform(0.4, 0.55);
        double h = size * draws.uniform(0.4, 0.55);
        double top = y - h;
        shadow(w * 1.1);
        canvas.draw(Form.box(x - w, top, x + w, y), anySkin());
        double eaves = w * draws.uniform(1.05, 1.25);
        double ridge = top - size * draws.uniform(0.2, 0.4);
        canvas.draw(Form.convex(x - eaves, top, x, ridge, x + eaves, top), anySkin());
        double door = w * draws.uniform(-0.5, 0.3);
        canvas.draw(Form.box(x + door, y - h * 0.55, x + door + w * 0.35, y), anySkin());
        for (double wx : new double[] {-0.75, 0.45}) {
            canvas.draw(
                    Form.box(x + wx * w, top + h * 0.2, x + (wx + 0.32) * w, top + h * 0.5),
                    Canvas.plain(0.15, 0.2, draws.uniform(0.2, 0.6)));
        }
    }

    private void tree() {
        double h = size * draws.uniform(0.8, 1.1);
        shadow(size * 0.3);
        canvas.draw(
                Form.capsule(x, y, x + draws.uniform(-2, 2), y - h * 0.6, size * draws.uniform(0.04, 0.09)),
                skin(new double[] {draws.uniform(0.25, 0.45), draws.uniform(0.15, 0.3), draws.uniform(0.05, 0.2)}));
        double[] leaf = draws.chance(0.75)
                ? new double[] {draws.uniform(0.05, 0.35), draws.uniform(0.3, 0.6), draws.uniform(0.05, 0.25)}
                : new double[] {draws.uniform(0.6, 0.9), draws.uniform(0.25, 0.6), draws.uniform(0.05, 0.2)};
        Form crown = Form.disc(x, y - h * 0.75, size * 0.22);
        for (int i = 0; i < 5; i++) {
            crown = crown.or(Form.disc(
                    x + size * draws.uniform(-0.3, 0.3),
                    y - h * draws.uniform(0.5, 1),
                    size * draws.uniform(0.12, 0.22)));
        }
        canvas.draw(crown.rough(noise, 2.5, 1.8), skin(leaf));
    }

    private void car() {
        double w = size * draws.uniform(0.45, 0.6);
        double h = size * draws.uniform(0.18, 0.28);
        double wheel = size * draws.uniform(0.09, 0.13);
        double base = y - wheel;
        double roof = base - h - size * draws.uniform(0.15, 0.25);
        Canvas.Paint paint = anySkin();
        shadow(w);
        canvas.draw(
                Form.convex(x - w * 0.6, base - h, x - w * 0.35, roof, x + w * 0.4, roof, x + w * 0.65, base - h),
                paint);
        canvas.draw(
                Form.convex(
                        x - w * 0.48,
                        base - h,
                        x - w * 0.28,
                        roof + 1.2,
                        x + w * 0.33,
                        roof + 1.2,
                        x + w * 0.52,
                        base - h),
                Canvas.plain(0.2, 0.28, draws.uniform(0.3, 0.5)));
        canvas.draw(Form.box(x - w, base - h, x + w, base), paint);
        for (double at : new double[] {-0.58, 0.58}) {
            canvas.draw(Form.disc(x + at * w, y - wheel, wheel), Canvas.plain(0.07, 0.07, 0.08));
            canvas.draw(Form.disc(x + at * w, y - wheel, wheel * 0.45), Canvas.plain(grey(draws.uniform(0.4, 0.8))));
        }
    }

    private void boat() {
        double w = size * draws.uniform(0.4, 0.55);
        double h = size * draws.uniform(0.15, 0.25);
        double mast = size * draws.uniform(0.7, 1);
        canvas.draw(Form.capsule(x, y, x, y - mast, 0.6), Canvas.plain(0.25, 0.18, 0.12));
        canvas.draw(Form.convex(x + 1, y - h, x + 1, y - mast, x + w * draws.uniform(0.6, 1), y - h * 1.2), anySkin());
        if (draws.chance(0.6)) {
            canvas.draw(Form.convex(x - w * 0.7, y - h * 1.2, x - 1, y - mast * 0.9, x - 1, y - h), anySkin());
        }
        canvas.draw(Form.convex(x - w, y - h, x + w, y - h, x + w * 0.7, y, x - w * 0.7, y), anySkin());
    }

    private void mountain(double horizon) {
        for (int n = 2 + draws.below(2); n > 0; n--) {
            double cx = side * draws.uniform(0.1, 0.9);
            double w = side * draws.uniform(0.35, 0.6);
            double top = horizon - side * draws.uniform(0.2, 0.5);
            Form peak = Form.convex(cx - w, horizon + 2, cx, top, cx + w, horizon + 2)
                    .rough(noise, 4, 1.8);
            canvas.draw(peak, skin(draws.colour(0.25, 0.55)));
            double snow = top + (horizon - top) * draws.uniform(0.15, 0.4);
            Form above = (px, py) -> py - snow;
            canvas.draw(
                    (px, py) -> Math.max(
                            peak.distance(px, py), above.rough(noise, 2, 2).distance(px, py)),
                    skin(grey(0.92)));
        }
    }

    private void flower() {
        double cy = y - size * draws.uniform(0.5, 0.7);
        canvas.draw(
                Form.capsule(x + draws.uniform(-3, 3), y, x, cy, 0.9),
                skin(new double[] {0.15, draws.uniform(0.35, 0.55), 0.12}));
        Canvas.Paint petal = anySkin();
        int petals = 5 + draws.below(4);
        double turn = draws.uniform(0, 1);
        double reach = size * draws.uniform(0.17, 0.25);
        for (int i = 0; i < petals; i++) {
            double angle = 2 * Math.PI * (i + turn) / petals;
            canvas.draw(
                    Form.disc(x + reach * StrictMath.cos(angle), cy + reach * StrictMath.sin(angle), reach * 0.55),
                    petal);
        }
        canvas.draw(
                Form.disc(x, cy, reach * 0.5),
                skin(new double[] {draws.uniform(0.6, 0.95), draws.uniform(0.4, 0.8), 0.15}));
    }

    private void bird(double horizon) {
        double cy = horizon - side * draws.uniform(0.05, 0.2);
        double facing = draws.chance(0.5) ? 1 : -1;
        double r = size * draws.uniform(0.16, 0.24);
        Canvas.Paint feathers = anySkin();
        canvas.draw(Form.capsule(x - facing * r, cy, x - facing * r * 2.6, cy + r * 0.7, r * 0.3), feathers);
        canvas.draw(Form.ellipse(x, cy, r * 1.5, r), feathers);
        canvas.draw(Form.disc(x + facing * r * 1.5, cy - r * 0.7, r * 0.6), feathers);
        canvas.draw(
                Form.capsule(x + facing * r * 2, cy - r * 0.7, x + facing * r * 2.6, cy - r * 0.55, r * 0.14),
                Canvas.plain(0.9, draws.uniform(0.4, 0.7), 0.1));
        canvas.draw(Form.disc(x + facing * r * 1.65, cy - r * 0.85, 0.7), Canvas.plain(0.03, 0.03, 0.03));
        canvas.draw(Form.ellipse(x - facing * r * 0.3, cy - r * draws.uniform(0, 0.8), r * 1.1, r * 0.5), anySkin());
        for (double leg : new double[] {-0.2, 0.35}) {
            canvas.draw(
                    Form.capsule(x + leg * r, cy + r * 0.8, x + leg * r, cy + r * 1.8, 0.5),
                    Canvas.plain(0.3, 0.2, 0.1));
        }
    }

    private void animal() {
        double facing = draws.chance(0.5) ? 1 : -1;
        double w = size * draws.uniform(0.32, 0.42);
        double h = size * draws.uniform(0.16, 0.24);
        double leg = size * draws.uniform(0.2, 0.34);
        double cy = y - leg - h;
        Canvas.Paint fur = skin(
                draws.chance(0.7)
                        ? new double[] {draws.uniform(0.3, 0.75), draws.uniform(0.2, 0.5), draws.uniform(0.1, 0.35)}
                        : grey(draws.uniform(0.08, 0.9)));
        shadow(w);
        for (double at : new double[] {-0.75, -0.45, 0.45, 0.75}) {
            canvas.draw(Form.capsule(x + at * w, cy, x + at * w + draws.uniform(-1, 1), y, size * 0.05), fur);
        }
        canvas.draw(
                Form.capsule(
                        x - facing * w, cy - h * 0.4, x - facing * w * 1.4, cy - h * draws.uniform(-0.6, 1.4), 0.9),
                fur);
        double hx = x + facing * w * 1.1;
        double hy = cy - h * draws.uniform(0.5, 1.3);
        Form body = Form.ellipse(x, cy, w, h).or(Form.capsule(x + facing * w * 0.7, cy, hx, hy, h * 0.5));
        canvas.draw(body.or(Form.ellipse(hx, hy, h * 0.9, h * 0.75)).rough(noise, 3, 0.7), fur);
        for (double ear : new double[] {-0.5, 0.2}) {
            canvas.draw(
                    Form.capsule(hx + ear * h, hy - h * 0.6, hx + ear * h, hy - h * draws.uniform(0.8, 1.3), h * 0.2),
                    fur);
        }
        canvas.draw(Form.disc(hx + facing * h * 0.35, hy - h * 0.15, 0.7), Canvas.plain(0.02, 0.02, 0.02));
    }

    private void balloon() {
        double cy = side * draws.uniform(0.25, 0.45);
        double r = size * draws.uniform(0.28, 0.4);
        double[] one = draws.colour(0.15, 0.95);
        double[] two = draws.colour(0.15, 0.95);
        double stripes = draws.uniform(0.25, 0.6) * r;
        Canvas.Paint gloss = skin(grey(1));
        canvas.draw(
                Form.disc(x, cy, r)
                        .or(Form.convex(x - r * 0.8, cy + r * 0.55, x + r * 0.8, cy + r * 0.55, x, cy + r * 1.6)),
                (px, py, out) -> {
                    gloss.at(px, py, out);
                    double[] rgb = Math.floor((px - x) / stripes) % 2 == 0 ? one : two;
                    for (int c = 0; c < 3; c++) {
                        out[c] *= rgb[c];
                    }
                });
        canvas.draw(
                Form.box(x - r * 0.22, cy + r * 1.5, x + r * 0.22, cy + r * 1.85),
                skin(new double[] {0.45, 0.3, 0.15}));
    }

    private void towers(double horizon) {
        for (int n = 3 + draws.below(4); n > 0; n--) {
            double left = side * draws.uniform(-0.05, 0.85);
            double w = side * draws.uniform(0.12, 0.28);
            double top = horizon - side * draws.uniform(0.15, 0.6);
            double bottom = Math.min(side, horizon + side * draws.uniform(0.02, 0.15));
            double[] lit = draws.colour(0.1, 0.9);
            double px = draws.uniform(2, 4);
            double py = draws.uniform(2, 4);
            Canvas.Paint wall = skin(draws.colour(0.2, 0.75));
            canvas.draw(Form.box(left, top, left + w, bottom), (cx, cy, out) -> {
                wall.at(cx, cy, out);
                double u = (cx - left) / px;
                double v = (cy - top) / py;
                if (u - Math.floor(u) > 0.5 && v - Math.floor(v) > 0.45) {
                    System.arraycopy(lit, 0, out, 0, 3);
                }
            });
        }
    }
}
