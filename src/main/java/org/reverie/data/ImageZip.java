package org.reverie.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.reverie.io.FormatException;

/**
 * The PNG and JPEG entries of a zip archive, sorted by path, read in place; the class of an image is the folder it lies
 * in.
 */
final class ImageZip implements ImageSet {
    private final String name;
    private final Path file;
    private final ZipFile zip;
    private final List<String> entries;
    private final FileNames.Classes classes;

    private ImageZip(String name, Path file, ZipFile zip, List<String> entries) {
        this.name = name;
        this.file = file;
        this.zip = zip;
        this.entries = entries;
        this.classes = FileNames.Classes.of(entries);
    }

    static boolean isZip(byte[] head) {
        return head.length >= 4
                && head[0] == 'P'
                && head[1] == 'K'
                && (head[2] == 3 && head[3] == 4 || head[2] == 5 && head[3] == 6);
    }

    static ImageZip open(Path file, String name) throws IOException {
        ZipFile zip;
        try {
            zip = new ZipFile(file.toFile());
        } catch (ZipException | EOFException | IllegalArgumentException e) {
            throw new FormatException(file.toString(), "zip directory", "it is damaged: " + e.getMessage(), e);
        }
        try {
            List<String> entries = imageEntries(file, zip);
            if (entries.isEmpty()) {
                throw new FormatException(
                        file.toString(),
                        "zip directory",
                        "there is no PNG or JPEG among its " + zip.size() + " entries");
            }
            return new ImageZip(name, file, zip, entries);
        } catch (IOException | RuntimeException e) {
            zip.close();
            throw e;
        }
    }

    private static List<String> imageEntries(Path file, ZipFile zip) throws IOException {
        List<String> names = new ArrayList<>();
        try {
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
                ZipEntry entry = e.nextElement();
                String trick = FileNames.trick(entry.getName());
                if (trick != null) {
                    throw new FormatException(file.toString(), "entry " + entry.getName(), trick);
                }
                if (!entry.isDirectory() && FileNames.isImage(entry.getName())) {
                    names.add(entry.getName());
                }
            }
        } catch (IllegalArgumentException e) {
            throw new FormatException(
                    file.toString(), "zip directory", "an entry's name is no text: " + e.getMessage(), e);
        }
        names.sort(FileNames.ORDER);
        for (int i = 1; i < names.size(); i++) {
            if (names.get(i).equals(names.get(i - 1))) {
                throw new FormatException(file.toString(), "entry " + names.get(i), "an entry's path occurs once");
            }
        }
        return List.copyOf(names);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public Image image(int index) throws IOException {
        String path = entries.get(index);
        ZipEntry entry = zip.getEntry(path);
        if (entry.getSize() > ImageDecoder.MAX_FILE_BYTES) {
            throw tooLarge(path);
        }
        byte[] bytes;
        try (InputStream in = zip.getInputStream(entry)) {
            bytes = in.readNBytes(ImageDecoder.MAX_FILE_BYTES + 1);
        } catch (ZipException | EOFException e) {
            throw new FormatException(file.toString(), "entry " + path, "its data is damaged: " + e.getMessage(), e);
        }
        if (bytes.length > ImageDecoder.MAX_FILE_BYTES) {
            throw tooLarge(path);
        }
        return ImageDecoder.decode(bytes, file.toString(), path);
    }

    private FormatException tooLarge(String path) {
        return new FormatException(
                file.toString(),
                "entry " + path,
                "an image unpacks to at most " + ImageDecoder.MAX_FILE_BYTES + " bytes");
    }

    @Override
    public int label(int index) {
        return classes.labels()[index];
    }

    @Override
    public List<String> classNames() {
        return classes.names();
    }

    @Override
    public String imageName(int index) {
        return entries.get(index);
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
