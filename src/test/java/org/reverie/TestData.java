package org.reverie;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * Real data for tests. It lies outside the repository; where it is absent, the tests that need it are skipped and say
 * so.
 */
public final class TestData {
    private TestData() {}

    /**
     * The folder of real data: system property {@code reverie.data}, else {@code REVERIE_DATA}, else {@code
     * ../shared/data}.
     */
    public static Path folder() {
        String property = System.getProperty("reverie.data");
        if (property != null) {
            return Path.of(property);
        }
        String variable = System.getenv("REVERIE_DATA");
        return Path.of(variable != null ? variable : "../shared/data");
    }

    /**
     * A file of the data folder, for example {@code mnist/t10k-images-idx3-ubyte.gz}; skips the test when it is not
     * there.
     */
    public static Path file(String name) {
        Path file = folder().resolve(name);
        Assumptions.assumeTrue(
                Files.exists(file),
                () -> "real data is absent: " + file + " (set -Dreverie.data or REVERIE_DATA to its folder)");
        return file;
    }
}
