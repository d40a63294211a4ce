package org.reverie.numerics;

import java.util.Arrays;
import java.util.List;

/**
 * Evaluates the unary functions for all 2³² floats and prints, for each, the largest error in ulp and where it occurs:
 * {@code UlpSurvey [stride] [name …]}. Stride 1 is the exhaustive run behind the table of docs/elementary.md.
 */
public final class UlpSurvey {
    private UlpSurvey() {}

    public static void main(String[] args) {
        int stride = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        List<String> names =
                args.length > 1 ? Arrays.asList(args).subList(1, args.length) : List.copyOf(Oracle.UNARY.keySet());
        System.out.printf("%-9s %8s  %-22s %-15s %s%n", "function", "max ulp", "at", "result", "exact");
        for (String name : names) {
            Worst w = survey(Oracle.UNARY.get(name), stride);
            float y = Oracle.UNARY.get(name).function().apply(w.at);
            double exact = Oracle.UNARY.get(name).exact().applyAsDouble(w.at);
            System.out.printf(
                    "%-9s %8.4f  %-22s %-15s %.10g   (not the nearest float: %.3f %%)%n",
                    name, w.ulps, Float.toHexString(w.at), y, exact, 100.0 * w.misrounded / w.count);
        }
    }

    private static final class Worst {
        double ulps = -1;
        float at;
        long misrounded;
        long count;
    }

    /** Of an even or odd function, the results for −x are only required to mirror those for x. */
    private static Worst survey(Oracle.Pair pair, int stride) {
        Worst w = new Worst();
        boolean mirrored = pair.parity() != Oracle.Parity.NEITHER;
        for (long bits = 0; bits < 1L << (mirrored ? 31 : 32); bits += stride) {
            float x = Float.intBitsToFloat((int) bits);
            float y = pair.function().apply(x);
            double u = Oracle.ulps(y, pair.exact().applyAsDouble(x));
            if (mirrored) {
                float z = pair.function().apply(-x);
                z = pair.parity() == Oracle.Parity.ODD ? -z : z;
                u = Float.floatToIntBits(y) == Float.floatToIntBits(z) ? u : Double.POSITIVE_INFINITY;
            }
            w.count++;
            if (u > 0.5) {
                w.misrounded++;
            }
            if (u > w.ulps) {
                w.ulps = u;
                w.at = x;
            }
        }
        return w;
    }
}
