package org.reverie.device.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A loop of nothing but independent fma: what a kernel could reach at most. */
final class FmaPeak {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static volatile float sink;

    private FmaPeak() {}

    static double flops(int n) {
        return 2.0 * 12 * F.length() * n;
    }

    static void spin(int n) {
        FloatVector a = FloatVector.broadcast(F, 1f), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
        FloatVector k = a, l = a;
        FloatVector x = FloatVector.broadcast(F, 0.999f), y = FloatVector.broadcast(F, 1e-3f);
        for (int p = 0; p < n; p++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
            k = k.fma(x, y);
            l = l.fma(x, y);
        }
        sink = a.add(b)
                .add(c)
                .add(d)
                .add(e)
                .add(f)
                .add(g)
                .add(h)
                .add(i)
                .add(j)
                .add(k)
                .add(l)
                .lane(0);
    }
}
