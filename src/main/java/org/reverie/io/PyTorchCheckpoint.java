package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.reverie.io.PickleValue.Storage;

/**
 * A file written by {@code torch.save}, in either of its forms: the stream of pickles followed by the numbers (PyTorch
 * before 1.6), and the zip archive since. The pickles are run by {@link PickleReader}, which can call nothing.
 * Tensors that are in row-major order in a file that is not compressed are views of the mapped file.
 *
 * @param value what was saved: null, Boolean, Long, Double, String, byte[], {@link org.reverie.tensor.HostTensor}, and
 *     unmodifiable lists (also for tuples) and maps of these. Attributes of dictionaries ({@code _metadata}) are dropped;
 *     bool tensors come as {@code U8}
 */
public record PyTorchCheckpoint(Source source, Form form, Object value) {
    /** The two layouts of the file. */
    public enum Form {
        STREAM,
        ZIP
    }

    private static final long NEWEST_VERSION = 10;

    /** @throws FormatException if the file is neither form, breaks a rule of it, or needs a name that is not allowed */
    public static PyTorchCheckpoint read(Path file) throws IOException {
        return read(Source.map(file));
    }

    public static PyTorchCheckpoint read(Source source) throws FormatException {
        return Weights.isZip(source)
                ? zip(ZipArchive.open(source))
                : new PyTorchCheckpoint(source, Form.STREAM, PyTorchStream.read(source));
    }

    /** The named tensors in it: at the top, or under {@code state_dict}, {@code model} and the like. */
    public StateDict stateDict() throws FormatException {
        StateDict found = StateDict.find(value);
        if (found == null) {
            throw source.bad("", "holds no dictionary of named tensors where a checkpoint has one");
        }
        return found;
    }

    static PyTorchCheckpoint zip(ZipArchive zip) throws FormatException {
        Source source = zip.source();
        String root = root(zip);
        checkText(zip, root + "byteorder", "little");
        checkVersion(zip, root);
        String name = root + "data.pkl";
        MemorySegment code = zip.content(zip.entries().get(name), false);
        PickleReader pickle = new PickleReader(source, code, "entry " + name, 0);
        Object value = pickle.run();
        if (pickle.end() != code.byteSize()) {
            throw source.bad("entry " + name + " byte " + pickle.end(), "bytes follow the end of the pickle");
        }
        Map<String, MemorySegment> loaded = new HashMap<>();
        return new PyTorchCheckpoint(source, Form.ZIP, PickleResolver.resolve(source, value, storage -> {
            MemorySegment bytes = loaded.get(storage.key());
            if (bytes == null) {
                bytes = storage(zip, root + "data/" + storage.key(), storage);
                loaded.put(storage.key(), bytes);
            }
            return bytes;
        }));
    }

    /** The archive's one top folder, with its slash. */
    private static String root(ZipArchive zip) throws FormatException {
        String root = null;
        for (String name : zip.entries().keySet()) {
            if (name.endsWith("/data.pkl") && name.indexOf('/') == name.length() - "/data.pkl".length()) {
                if (root != null) {
                    throw zip.source().bad("entry " + name, "is a second data.pkl");
                }
                root = name.substring(0, name.length() - "data.pkl".length());
            }
        }
        if (root == null) {
            throw zip.source().bad("", "is a zip archive without FOLDER/data.pkl, so not a PyTorch checkpoint");
        }
        if (zip.entries().containsKey(root + "constants.pkl")) {
            throw zip.source().bad("entry " + root + "constants.pkl", "is a TorchScript program, not a checkpoint");
        }
        return root;
    }

    private static void checkText(ZipArchive zip, String name, String wanted) throws FormatException {
        ZipArchive.Entry entry = zip.entries().get(name);
        if (entry != null && !text(zip, entry).equals(wanted)) {
            throw zip.source().bad("entry " + name, "must say " + wanted);
        }
    }

    private static void checkVersion(ZipArchive zip, String root) throws FormatException {
        ZipArchive.Entry entry = zip.entries().get(root + "version");
        if (entry == null) {
            return;
        }
        String version = text(zip, entry);
        if (!version.matches("[0-9]{1,9}") || Long.parseLong(version) > NEWEST_VERSION) {
            throw zip.source().bad("entry " + entry.name(), "the version is not a number up to " + NEWEST_VERSION);
        }
    }

    private static String text(ZipArchive zip, ZipArchive.Entry entry) throws FormatException {
        if (entry.size() > 64) {
            throw zip.source().bad("entry " + entry.name(), "has " + entry.size() + " bytes; a word was expected");
        }
        byte[] bytes = zip.content(entry, false).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.ISO_8859_1).strip();
    }

    private static MemorySegment storage(ZipArchive zip, String name, Storage storage) throws FormatException {
        ZipArchive.Entry entry = zip.entries().get(name);
        if (entry == null || entry.isFolder()) {
            throw zip.source().bad("entry " + name, "is used by the pickle and is not in the archive");
        }
        long bytes = storage.total() * storage.dtype().bytes();
        if (entry.size() != bytes) {
            throw zip.source().bad("entry " + name, "has " + entry.size() + " bytes, but the pickle says " + bytes);
        }
        return zip.content(entry, false);
    }
}
