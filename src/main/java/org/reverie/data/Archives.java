package org.reverie.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Enumeration;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.reverie.io.FormatException;

/**
 * Unpacks {@code .tar}, {@code .tar.gz} and {@code .zip}. Everything goes to a temporary folder first and is moved into
 * place when it is whole, so a folder of the final name is never half full. Paths that lead out of the folder, links,
 * duplicates and bombs are refused.
 */
final class Archives {
    private static final long FREE_BYTES = 1L << 30;
    private static final int MAX_RATIO = 100;
    private static final int MAX_ENTRIES = 5_000_000;

    private final Path archive;
    private final Path root;
    private final byte[] buffer = new byte[1 << 16];
    private long bytesLeft;
    private int entriesLeft = MAX_ENTRIES;

    private Archives(Path archive, Path root) throws IOException {
        this.archive = archive;
        this.root = root;
        this.bytesLeft = Math.max(FREE_BYTES, MAX_RATIO * Files.size(archive));
    }

    /**
     * Unpacks an archive so that {@code folder/top} holds its content: the archive's own top folder of that name, or,
     * when it has none, all of it. Does nothing when {@code folder/top} exists.
     */
    static Path unpack(Path archive, Path folder, String top) throws IOException {
        Path target = folder.resolve(top);
        if (Files.exists(target)) {
            return target;
        }
        Path temporary = Files.createTempDirectory(folder, ".unpack-");
        try {
            new Archives(archive, temporary).run();
            Path inner = temporary.resolve(top);
            Files.move(Files.isDirectory(inner) ? inner : temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return target;
        } finally {
            delete(temporary);
        }
    }

    private void run() throws IOException {
        byte[] head = FileBytes.head(archive, 4);
        if (ImageZip.isZip(head)) {
            unzip();
            return;
        }
        try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), 1 << 16);
                InputStream in = FileBytes.isGzip(head) ? new GZIPInputStream(file, 1 << 16) : file) {
            untar(in);
        } catch (EOFException e) {
            throw new FormatException(archive.toString(), "gzip stream", "it is cut off");
        } catch (ZipException e) {
            throw new FormatException(archive.toString(), "gzip stream", "it is damaged: " + e.getMessage());
        }
    }

    private void untar(InputStream in) throws IOException {
        TarReader tar = new TarReader(archive.toString(), in);
        for (TarReader.Entry entry = tar.next(); entry != null; entry = tar.next()) {
            Path target = place(entry.path());
            if (entry.folder()) {
                createFolder(target, entry.path());
                continue;
            }
            try (OutputStream out = create(target, entry.path())) {
                for (int n = tar.read(buffer); n >= 0; n = tar.read(buffer)) {
                    write(out, n, entry.path());
                }
            }
        }
    }

    private void unzip() throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
                ZipEntry entry = e.nextElement();
                Path target = place(entry.getName());
                if (entry.isDirectory()) {
                    createFolder(target, entry.getName());
                    continue;
                }
                try (InputStream in = zip.getInputStream(entry);
                        OutputStream out = create(target, entry.getName())) {
                    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                        write(out, n, entry.getName());
                    }
                }
            }
        } catch (ZipException | EOFException | IllegalArgumentException e) {
            throw new FormatException(archive.toString(), "zip directory", "it is damaged: " + e.getMessage(), e);
        }
    }

    /** Where an entry goes below the root. */
    private Path place(String path) throws FormatException {
        String trick = FileNames.trick(path);
        if (trick != null) {
            throw new FormatException(archive.toString(), "entry " + path, trick);
        }
        if (--entriesLeft < 0) {
            throw new FormatException(
                    archive.toString(), "entry " + path, "an archive has at most " + MAX_ENTRIES + " entries");
        }
        Path target;
        try {
            target = root.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw new FormatException(
                    archive.toString(), "entry " + path, "this system has no such path: " + e.getReason());
        }
        if (!target.startsWith(root)) {
            throw new FormatException(archive.toString(), "entry " + path, "an entry's path stays in its folder");
        }
        return target;
    }

    private void createFolder(Path folder, String path) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            throw new FormatException(archive.toString(), "entry " + path, "a file has the name of its folder");
        }
    }

    private OutputStream create(Path target, String path) throws IOException {
        if (Files.exists(target) || target.equals(root)) {
            throw new FormatException(archive.toString(), "entry " + path, "an entry's path occurs once");
        }
        createFolder(target.getParent(), path);
        return Files.newOutputStream(target);
    }

    private void write(OutputStream out, int count, String path) throws IOException {
        bytesLeft -= count;
        if (bytesLeft < 0) {
            throw new FormatException(
                    archive.toString(),
                    "entry " + path,
                    "the archive unpacks to more than " + MAX_RATIO + " times its size");
        }
        out.write(buffer, 0, count);
    }

    /** Removes a folder and all in it, if it is there. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
