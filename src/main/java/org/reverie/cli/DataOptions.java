package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.reverie.data.DataCatalogue;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import picocli.CommandLine.Option;

/** Where data sets lie. */
final class DataOptions {
    static final String SETS =
            "A data set is a known name (reverie data list) or a path: IDX or CIFAR binary files, plain or .gz, a"
                    + " folder or zip of PNG and JPEG.";

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where data sets lie by name. Default: the environment's REVERIE_DATA, else ./data.")
    private Path folder;

    /** {@code --data-dir}, else system property {@code reverie.data}, else {@code REVERIE_DATA}, else {@code data}. */
    Path folder() {
        if (folder != null) {
            return folder;
        }
        String property = System.getProperty("reverie.data", System.getenv("REVERIE_DATA"));
        return Path.of(property == null || property.isBlank() ? "data" : property);
    }

    /**
     * Opens a set by name or path.
     *
     * @param limit how many images to take from the front; null takes all
     */
    ImageSet open(String nameOrPath, Split split, Integer limit) throws IOException {
        ImageSet set = DataCatalogue.resolve(nameOrPath, folder(), split);
        return limit == null ? set : set.limit(limit);
    }
}
