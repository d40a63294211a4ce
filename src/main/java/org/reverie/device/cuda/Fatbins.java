package org.reverie.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The compiled kernels that the build has put into the jar, if it had an nvcc. */
final class Fatbins {
    private static final String FOLDER = "/org/reverie/kernels/cuda/";

    private Fatbins() {}

    /** Whether the jar carries any. */
    static boolean areThere() {
        return Fatbins.class.getResource(FOLDER + "pointwise.fatbin") != null;
    }

    /** @param family for example {@code pointwise} */
    static byte[] of(String family) {
        try (InputStream in = Fatbins.class.getResourceAsStream(FOLDER + family + ".fatbin")) {
            if (in == null) {
                throw new IllegalStateException("the jar has no CUDA kernels " + family);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
