package org.reverie.ood.dream;

import java.util.List;
import org.reverie.data.PixelSet;
import org.reverie.random.Philox;

/** Images for tests: a bright bar in the row or column of its class, somewhere along it, in faint noise. */
final class DrawnShapes {
    static final int SIDE = 8;

    private DrawnShapes() {}

    static PixelSet of(String name, int each, int classes, long seed) {
        int n = each * classes;
        float[] pixels = new float[n * SIDE * SIDE];
        int[] labels = new int[n];
        long stream = Philox.stream("test.shapes." + name);
        for (int i = 0; i < n; i++) {
            labels[i] = i / each;
            for (int p = 0; p < SIDE * SIDE; p++) {
                pixels[i * SIDE * SIDE + p] = -1 + 0.2f * Philox.uniform(seed, stream, i * 1000L + p);
            }
            int from = Philox.below(seed, stream + 1, i, 3);
            int line = 1 + 2 * (labels[i] / 2);
            for (int k = from; k < from + 5; k++) {
                pixels[i * SIDE * SIDE + (labels[i] % 2 == 0 ? line * SIDE + k : k * SIDE + line)] = 1;
            }
        }
        return new PixelSet(name, SIDE, 1, pixels, labels, List.of());
    }
}
