package org.reverie.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import org.reverie.io.FormatException;

/**
 * Fetches files of data sets. What has arrived lies in {@code NAME.part}; a broken or stopped transfer goes on from
 * there (HTTP ranges). A file gets its name only when its length and checksum are right.
 */
public final class Downloader {
    private static final int ATTEMPTS = 5;
    private static final int BUFFER = 1 << 16;

    private final HttpClient client;
    private final Duration patience;
    private final Duration pause;

    /** A downloader that gives up on a transfer after a minute without a byte, and tries again up to five times. */
    public Downloader() {
        this(Duration.ofSeconds(60), Duration.ofSeconds(1));
    }

    /**
     * @param patience how long a transfer may stand still
     * @param pause before the second attempt; each further pause is twice as long
     */
    Downloader(Duration patience, Duration pause) {
        this.patience = patience;
        this.pause = pause;
        this.client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(patience)
                .build();
    }

    /** Hears how a transfer goes on. */
    @FunctionalInterface
    public interface Progress {
        /**
         * @param file the file's name
         * @param done bytes that lie on disk
         * @param total bytes in all, or −1 while that is not known
         */
        void update(String file, long done, long total);
    }

    /**
     * Fetches all files of a data set into {@code dataFolder/NAME} and unpacks archives there. What is there already is
     * checked and kept.
     *
     * @return the fetched files
     * @throws IOException when the set cannot be fetched, a server fails, or a checksum is wrong
     */
    public List<Path> fetch(DataSource source, Path dataFolder, Progress progress)
            throws IOException, InterruptedException {
        if (source.files().isEmpty()) {
            throw new IOException(source.name() + " cannot be fetched: " + source.note());
        }
        Path folder = Files.createDirectories(dataFolder.resolve(source.name()));
        List<Path> fetched = new ArrayList<>();
        for (RemoteFile file : source.files()) {
            Path path = fetch(file, folder, progress);
            if (file.unpack() != null) {
                Archives.unpack(path, folder, file.unpack());
            }
            fetched.add(path);
        }
        return fetched;
    }

    /** Fetches one file into a folder, which must exist. */
    public Path fetch(RemoteFile file, Path folder, Progress progress) throws IOException, InterruptedException {
        Path target = folder.resolve(file.fileName());
        if (Files.exists(target)) {
            verify(file, target);
            return target;
        }
        Path part = folder.resolve(file.fileName() + ".part");
        Duration wait = pause;
        for (int attempt = 1; ; ) {
            long before = size(part);
            try {
                transfer(file, part, progress);
                break;
            } catch (Refused e) {
                throw e;
            } catch (IOException e) {
                boolean moved = size(part) > before;
                attempt = moved ? 1 : attempt + 1;
                wait = moved ? pause : wait.multipliedBy(2);
                if (attempt > ATTEMPTS) {
                    throw new IOException(
                            file.address() + ": the transfer broke off " + ATTEMPTS + " times, " + size(part)
                                    + " bytes are kept for the next try: " + e.getMessage(),
                            e);
                }
                Thread.sleep(wait);
            }
        }
        try {
            verify(file, part);
        } catch (FormatException e) {
            Files.delete(part);
            throw e;
        }
        return Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A failure that trying again does not mend. */
    private static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    private static long size(Path part) throws IOException {
        return Files.exists(part) ? Files.size(part) : 0;
    }

    /** One request; returns when the part file is whole. */
    private void transfer(RemoteFile file, Path part, Progress progress) throws IOException, InterruptedException {
        long have = size(part);
        if (file.bytes() >= 0 && have >= file.bytes()) {
            return;
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(file.address()).timeout(patience);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            int status = response.statusCode();
            if (status == 416 && have > 0) {
                if (totalOf(response) != have) {
                    Files.delete(part); // it belongs to another version of the file
                    throw new IOException("the server has no bytes after " + have);
                }
                return;
            }
            if (status == 206 && startOf(response) != have) {
                throw new Refused(file.address() + ": the server sends another range than the one asked for");
            }
            if (status >= 400 && status < 500 && status != 408 && status != 429) {
                throw new Refused(file.address() + ": the server answers " + status);
            }
            if (status != 200 && status != 206) {
                throw new IOException("the server answers " + status);
            }
            long from = status == 206 ? have : 0;
            long total = status == 206 ? totalOf(response) : lengthOf(response);
            if (file.bytes() >= 0 && total >= 0 && total != file.bytes()) {
                throw new Refused(
                        file.address() + ": the file has " + total + " bytes there, and should have " + file.bytes());
            }
            save(file, body, part, from, total >= 0 ? total : file.bytes(), progress);
        }
    }

    private void save(RemoteFile file, InputStream body, Path part, long from, long total, Progress progress)
            throws IOException {
        StandardOpenOption mode = from > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
        long done = from;
        try (Watchdog watchdog = new Watchdog(body, patience);
                OutputStream out =
                        Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, mode)) {
            byte[] buffer = new byte[BUFFER];
            progress.update(file.fileName(), done, total);
            for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                watchdog.feed();
                done += n;
                if (total >= 0 && done > total) {
                    throw new Refused(
                            file.address() + ": the server sends more than the " + total + " bytes announced");
                }
                out.write(buffer, 0, n);
                progress.update(file.fileName(), done, total);
            }
        }
        if (total >= 0 && done < total) {
            throw new IOException("the connection ended after " + done + " of " + total + " bytes");
        }
    }

    private static long lengthOf(HttpResponse<?> response) {
        OptionalLong length = response.headers().firstValueAsLong("Content-Length");
        return length.orElse(-1);
    }

    /** The total in {@code Content-Range: bytes 5-9/10} or {@code bytes &#42;/10}, or −1. */
    private static long totalOf(HttpResponse<?> response) {
        return rangePart(response, ".*/(\\d{1,18})");
    }

    private static long startOf(HttpResponse<?> response) {
        return rangePart(response, "bytes (\\d{1,18})-.*");
    }

    private static long rangePart(HttpResponse<?> response, String pattern) {
        String range = response.headers().firstValue("Content-Range").orElse("");
        return range.matches(pattern) ? Long.parseLong(range.replaceFirst(pattern, "$1")) : -1;
    }

    /** Compares a file with the length and the checksum of its publisher, as far as they are known. */
    static void verify(RemoteFile file, Path path) throws IOException {
        long size = Files.size(path);
        if (file.bytes() >= 0 && size != file.bytes()) {
            throw new FormatException(
                    path.toString(), "", "it has " + size + " bytes, and should have " + file.bytes());
        }
        if (file.sha256() != null) {
            compare(path, "SHA-256", file.sha256());
        } else if (file.md5() != null) {
            compare(path, "MD5", file.md5());
        }
    }

    private static void compare(Path path, String algorithm, String expected) throws IOException {
        String actual = digest(path, algorithm);
        if (!actual.equals(expected)) {
            throw new FormatException(
                    path.toString(), "", "its " + algorithm + " is " + actual + ", and should be " + expected);
        }
    }

    static String digest(Path path, String algorithm) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(path), MessageDigest.getInstance(algorithm))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }

    /** Closes a stream that has stood still for too long; a read that waits on it then fails. */
    private static final class Watchdog implements AutoCloseable {
        private final Thread thread;
        private volatile long fed = System.nanoTime();

        Watchdog(InputStream stream, Duration patience) {
            this.thread = Thread.ofVirtual().start(() -> watch(stream, patience));
        }

        void feed() {
            fed = System.nanoTime();
        }

        private void watch(InputStream stream, Duration patience) {
            try {
                for (long left = patience.toNanos(); left > 0; left = patience.toNanos() - (System.nanoTime() - fed)) {
                    Thread.sleep(Duration.ofNanos(left));
                }
                stream.close();
            } catch (InterruptedException | IOException e) {
                Thread.currentThread().interrupt(); // the transfer is over, one way or the other
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }
}
