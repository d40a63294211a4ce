package org.reverie.device.opencl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Compiled programs on disk, and what else is kept from run to run, named by what they were made of: source, options, device and
 * driver. The folder is {@code REVERIE_CACHE}, else {@code XDG_CACHE_HOME/reverie}, else {@code ~/.cache/reverie}. Without a folder that can be
 * written to, nothing is kept.
 */
final class ProgramCache {
    private final Path folder;

    ProgramCache(Path folder) {
        this.folder = folder;
    }

    static ProgramCache ofUser() {
        String own = System.getenv("REVERIE_CACHE");
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path root = own != null && !own.isBlank()
                ? Path.of(own)
                : xdg != null && !xdg.isBlank()
                        ? Path.of(xdg, "reverie")
                        : Path.of(System.getProperty("user.home"), ".cache", "reverie");
        return new ProgramCache(root.resolve("opencl"));
    }

    static String key(String... parts) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                sha.update(part.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0);
            }
            return HexFormat.of().formatHex(sha.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Null if there is none. */
    byte[] find(String key) {
        return read(key + ".bin");
    }

    void keep(String key, byte[] binary) {
        write(key + ".bin", binary);
    }

    /** Where a file of this name would lie. */
    Path path(String name) {
        return folder.resolve(name);
    }

    /** The contents of a file; null if it cannot be read. */
    byte[] read(String name) {
        try {
            Path file = path(name);
            return Files.exists(file) ? Files.readAllBytes(file) : null;
        } catch (IOException e) {
            return null;
        }
    }

    void forget(String key) {
        try {
            Files.deleteIfExists(folder.resolve(key + ".bin"));
        } catch (IOException e) {
            // It will be found and refused again: slower, not wrong.
        }
    }

    /** Keeps what the compiler said about a program that does not build; null if it could not be written. */
    Path log(String key, String text) {
        String name = key + ".log";
        return write(name, text.getBytes(StandardCharsets.UTF_8)) ? path(name) : null;
    }

    /** Whether it could be written. */
    boolean write(String name, byte[] contents) {
        try {
            Files.createDirectories(folder);
            Path partial = Files.createTempFile(folder, name, ".tmp");
            try {
                Files.write(partial, contents);
                Files.move(partial, path(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(partial);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
