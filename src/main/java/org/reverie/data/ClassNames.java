package org.reverie.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.reverie.io.FormatException;

/** Names of classes from the small text files that lie beside images. */
final class ClassNames {
    private static final List<String> TEXT_FILES = List.of("batches.meta.txt", "fine_label_names.txt");
    private static final List<String> JSON_KEYS = List.of("classes_by_label", "classes_wnid_by_label");
    private static final int MAX_BYTES = 16 << 20;

    private ClassNames() {}

    /**
     * The names for the labels of a file of images: lines of {@code batches.meta.txt} or {@code fine_label_names.txt}
     * in its folder, or the list {@code classes_by_label} of a JSON file (plain or gzip) that has its name. Empty when
     * there is nothing of the kind.
     */
    static List<String> beside(Path images, List<String> otherwise) throws IOException {
        for (String text : TEXT_FILES) {
            Path file = images.resolveSibling(text);
            if (Files.isRegularFile(file)) {
                return text(file)
                        .lines()
                        .map(String::strip)
                        .filter(l -> !l.isEmpty())
                        .toList();
            }
        }
        String stem = images.getFileName().toString().replaceFirst("(\\.bin)?(\\.gz)?$", "");
        for (String suffix : List.of(".json", ".json.gz")) {
            Path file = images.resolveSibling(stem + suffix);
            if (Files.isRegularFile(file)) {
                return fromJson(file);
            }
        }
        return otherwise;
    }

    private static String text(Path file) throws IOException {
        byte[] bytes = FileBytes.read(file);
        if (bytes.length > MAX_BYTES) {
            throw new FormatException(
                    file.toString(), "file size", "a file of class names has at most " + MAX_BYTES + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<String> fromJson(Path file) throws IOException {
        try {
            JsonObject json = JsonParser.parseString(text(file)).getAsJsonObject();
            for (String key : JSON_KEYS) {
                if (json.get(key) instanceof JsonArray list) {
                    List<String> names = new ArrayList<>();
                    for (JsonElement e : list) {
                        names.add(e.getAsString());
                    }
                    return List.copyOf(names);
                }
            }
            return List.of();
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException | StackOverflowError e) {
            throw new FormatException(
                    file.toString(), "", "it is no JSON object with a list of class names: " + e.getMessage());
        }
    }
}
