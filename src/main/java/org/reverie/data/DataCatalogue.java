package org.reverie.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** The data sets of the papers by name ({@code catalogue.json}), and the way from a name or a path to an open set. */
public final class DataCatalogue {
    private static final List<DataSource> SOURCES = load();

    private DataCatalogue() {}

    /** All known sets, in the order of the papers' tables. */
    public static List<DataSource> all() {
        return SOURCES;
    }

    /** The known set of a name or alias, whatever the case. */
    public static Optional<DataSource> find(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return SOURCES.stream()
                .filter(s -> s.name().equals(wanted) || s.aliases().contains(wanted))
                .findFirst();
    }

    /**
     * Opens the set that a user names: a drawn set ({@code drawn-scenes}, see {@link DrawnSets}), a known name below
     * the data folder, or any path that {@link ImageSets#open} recognises. A known name wins over a path of the same
     * name unless only the path exists.
     *
     * @param dataFolder where known sets lie; null when there is no such folder
     * @throws FileNotFoundException when nothing is found; the message lists the places
     * @throws org.reverie.io.FormatException when what is found is broken
     */
    public static ImageSet resolve(String nameOrPath, Path dataFolder, Split split) throws IOException {
        if (DrawnSets.isName(nameOrPath)) {
            return DrawnSets.open(nameOrPath, split);
        }
        Optional<DataSource> known = find(nameOrPath);
        if (known.isPresent() && dataFolder != null) {
            for (String place : known.get().places(split)) {
                Path path = dataFolder.resolve(place);
                if (Files.exists(path)) {
                    return ImageSets.open(
                            path, split, known.get().name(), known.get().classNames());
                }
            }
        }
        Path path = Path.of(nameOrPath);
        if (Files.exists(path)) {
            return ImageSets.open(path, split);
        }
        throw new FileNotFoundException(
                known.map(s -> missing(s, dataFolder, split)).orElseGet(() -> unknown(nameOrPath)));
    }

    private static String missing(DataSource source, Path dataFolder, Split split) {
        String looked = dataFolder == null
                ? "no data folder is given"
                : "looked in " + dataFolder + " for " + String.join(", ", source.places(split));
        String way = source.files().isEmpty() ? source.note() : "reverie data fetch " + source.name() + " gets it";
        return source.name() + ": its " + split + " images are not here: " + looked + "; " + way;
    }

    private static String unknown(String nameOrPath) {
        return nameOrPath + ": there is no such file or folder, and no data set of that name; known are "
                + String.join(", ", SOURCES.stream().map(DataSource::name).toList()) + " and "
                + String.join(", ", DrawnSets.names());
    }

    private static List<DataSource> load() {
        try (InputStream in = DataCatalogue.class.getResourceAsStream("catalogue.json")) {
            JsonElement root = JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            List<DataSource> sources = new ArrayList<>();
            for (JsonElement e : root.getAsJsonArray()) {
                sources.add(source(e.getAsJsonObject()));
            }
            return List.copyOf(sources);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DataSource source(JsonObject json) {
        List<RemoteFile> files = new ArrayList<>();
        for (JsonElement e : json.getAsJsonArray("files")) {
            JsonObject f = e.getAsJsonObject();
            files.add(new RemoteFile(
                    URI.create(f.get("address").getAsString()),
                    f.has("bytes") ? f.get("bytes").getAsLong() : -1,
                    text(f, "sha256"),
                    text(f, "md5"),
                    text(f, "unpack")));
        }
        return new DataSource(
                text(json, "name"),
                texts(json, "aliases"),
                text(json, "about"),
                text(json, "licence"),
                text(json, "note"),
                files,
                texts(json, "classes"),
                texts(json, "train"),
                texts(json, "test"));
    }

    private static String text(JsonObject json, String key) {
        return json.has(key) ? json.get(key).getAsString() : null;
    }

    private static List<String> texts(JsonObject json, String key) {
        JsonArray list = json.has(key) ? json.getAsJsonArray(key) : new JsonArray();
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }
}
