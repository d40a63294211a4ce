package org.reverie.device.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** The texts of kernels, with the headers they include put in their place, so that one string is a whole program. */
final class Sources {
    private static final String FOLDER = "/org/reverie/kernels/";

    private Sources() {}

    /** @param file below the kernels' folder, for example {@code common/pointwise.h} */
    static String of(String file) {
        StringBuilder text = new StringBuilder();
        append(file, text, new HashSet<>());
        return text.toString();
    }

    private static void append(String file, StringBuilder text, Set<String> seen) {
        if (!seen.add(file)) {
            return;
        }
        String folder = file.substring(0, file.lastIndexOf('/') + 1);
        for (String line : read(file).split("\n")) {
            if (line.startsWith("#include \"")) {
                String name = line.substring(line.indexOf('"') + 1, line.lastIndexOf('"'));
                append(name.startsWith("../") ? name.substring(3) : folder + name, text, seen);
            } else {
                text.append(line).append('\n');
            }
        }
    }

    private static String read(String file) {
        try (InputStream in = Sources.class.getResourceAsStream(FOLDER + file)) {
            if (in == null) {
                throw new IllegalStateException("the jar has no kernels " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
