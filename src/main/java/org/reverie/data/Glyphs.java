package org.reverie.data;

import java.util.ArrayList;
import java.util.List;

/** Digits and capital letters as strokes. Fonts differ between machines and may be absent; these do not. */
final class Glyphs {
    /** The characters in order; a glyph's number is its label. */
    static final String CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    /** One line per character: chains of points, each two digits x, y on a grid of 0 to 8 with y downwards. */
    private static final String[] STROKES = {
        "30 50 72 76 58 38 16 12 30",
        "22 40 48,28 68",
        "12 20 60 72 64 18 78",
        "11 30 60 72 54 34,54 76 58 28 17",
        "58 50 15 75",
        "70 20 13 53 75 76 58 28 17",
        "60 30 13 16 38 58 76 64 34 15",
        "10 70 38",
        "30 50 72 54 76 58 38 16 34 12 30,34 54",
        "28 58 75 72 50 30 12 24 54 73",
        "18 40 78,25 65",
        "10 18 58 76 54 14,10 50 72 54",
        "71 50 30 12 16 38 58 77",
        "10 18 48 76 72 40 10",
        "70 10 18 78,14 54",
        "70 10 18,14 54",
        "71 50 30 12 16 38 58 76 74 44",
        "10 18,70 78,14 74",
        "60 66 58 28 16",
        "10 18,70 14 78",
        "10 18 78",
        "18 10 44 70 78",
        "18 10 78 70",
        "18 10 50 72 54 14",
        "30 50 72 76 58 38 16 12 30,56 78",
        "18 10 50 72 54 14,44 78",
        "71 50 20 12 24 64 76 58 28 17",
        "10 70,40 48",
        "10 16 38 58 76 70",
        "10 48 70",
        "10 28 43 68 70",
        "10 78,70 18",
        "10 44 70,44 48",
        "10 70 18 78",
    };

    private Glyphs() {}

    static int count() {
        return STROKES.length;
    }

    /**
     * A glyph as a figure.
     *
     * @param number which one, 0 to {@link #count} − 1
     * @param cx centre in pixels
     * @param cy centre in pixels
     * @param size height in pixels
     * @param angle of rotation in radians
     * @param slant how far the top leans to the right, as a part of the height
     * @param width of the pen in pixels
     */
    static Form form(int number, double cx, double cy, double size, double angle, double slant, double width) {
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        List<Form> strokes = new ArrayList<>();
        for (String chain : STROKES[number].split(",")) {
            String[] points = chain.split(" ");
            double[] at = new double[2 * points.length];
            for (int i = 0; i < points.length; i++) {
                double v = (points[i].charAt(1) - '4') / 8.0;
                double u = (points[i].charAt(0) - '4') / 8.0 - slant * v;
                at[2 * i] = cx + size * (u * cos - v * sin);
                at[2 * i + 1] = cy + size * (u * sin + v * cos);
            }
            strokes.add(Form.stroke(width / 2, at));
        }
        return strokes.stream().reduce(Form::or).orElseThrow();
    }
}
