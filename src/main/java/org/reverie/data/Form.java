package org.reverie.data;

/**
 * A plane figure given by its signed distance: negative inside, positive outside, in pixels, near the edge at least.
 */
@FunctionalInterface
interface Form {
    double distance(double x, double y);

    static Form disc(double cx, double cy, double radius) {
        return (x, y) -> Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) - radius;
    }

    /** An upright ellipse; the distance is exact to first order at the edge. */
    static Form ellipse(double cx, double cy, double rx, double ry) {
        return (x, y) -> {
            double u = (x - cx) / rx;
            double v = (y - cy) / ry;
            double value = u * u + v * v - 1;
            double slope = 2 * Math.sqrt(u * u / (rx * rx) + v * v / (ry * ry));
            return slope == 0 ? -Math.min(rx, ry) : value / slope;
        };
    }

    static Form box(double left, double top, double right, double bottom) {
        return (x, y) -> {
            double dx = Math.max(left - x, x - right);
            double dy = Math.max(top - y, y - bottom);
            double ox = Math.max(dx, 0);
            double oy = Math.max(dy, 0);
            return Math.sqrt(ox * ox + oy * oy) + Math.min(Math.max(dx, dy), 0);
        };
    }

    /** All points nearer than {@code radius} to a segment. */
    static Form capsule(double ax, double ay, double bx, double by, double radius) {
        return (x, y) -> segment(x, y, ax, ay, bx, by) - radius;
    }

    /** A convex polygon with its corners in clockwise order on the screen, as x, y pairs. */
    static Form convex(double... corners) {
        int n = corners.length / 2;
        return (x, y) -> {
            double d = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                double ax = corners[2 * i];
                double ay = corners[2 * i + 1];
                double ex = corners[2 * ((i + 1) % n)] - ax;
                double ey = corners[2 * ((i + 1) % n) + 1] - ay;
                double length = Math.sqrt(ex * ex + ey * ey);
                d = Math.max(d, ((x - ax) * ey - (y - ay) * ex) / length);
            }
            return d;
        };
    }

    /** The union of both. */
    default Form or(Form other) {
        return (x, y) -> Math.min(distance(x, y), other.distance(x, y));
    }

    /** This with an edge that wanders by up to {@code depth} pixels. */
    default Form rough(ValueNoise noise, double cell, double depth) {
        return (x, y) -> {
            double d = distance(x, y);
            // Far from the edge the noise cannot change what is covered.
            return Math.abs(d) > depth + 1 ? d : d + depth * (2 * noise.smooth(x / cell, y / cell) - 1);
        };
    }

    private static double segment(double x, double y, double ax, double ay, double bx, double by) {
        double ex = bx - ax;
        double ey = by - ay;
        double length = ex * ex + ey * ey;
        double t = length == 0 ? 0 : Math.clamp(((x - ax) * ex + (y - ay) * ey) / length, 0.0, 1.0);
        double dx = x - ax - t * ex;
        double dy = y - ay - t * ey;
        return Math.sqrt(dx * dx + dy * dy);
    }

    /** All points nearer than {@code radius} to a chain of segments, given as x, y pairs. */
    static Form stroke(double radius, double... points) {
        return (x, y) -> {
            double d = Double.POSITIVE_INFINITY;
            for (int i = 0; i + 3 < points.length; i += 2) {
                d = Math.min(d, segment(x, y, points[i], points[i + 1], points[i + 2], points[i + 3]));
            }
            return d - radius;
        };
    }
}
