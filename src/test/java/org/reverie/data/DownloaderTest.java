package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.io.FormatException;

/** Against a server on the loopback interface that misbehaves in the ways that servers do. */
class DownloaderTest {
    private static final int LENGTH = 300_000;
    private static final byte[] CONTENT = SampleFiles.random(LENGTH, 77);

    @TempDir
    Path folder;

    private HttpServer server;
    private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());
    private final Downloader downloader = new Downloader(Duration.ofMinutes(1), Duration.ofMillis(1));

    /** How the server answers request number n, counted from 0. */
    private interface Answer {
        void to(HttpExchange exchange, int number, long from) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void serve(Answer answer) {
        server.createContext("/", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int number = ranges.size();
            ranges.add(range);
            answer.to(exchange, number, range == null ? 0 : Long.parseLong(range.replaceAll("\\D", "")));
        });
    }

    private RemoteFile file(long bytes, String sha256, String unpack) {
        return new RemoteFile(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/sets/file.bin?dl=1"),
                bytes,
                sha256,
                null,
                unpack);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /**
     * Sends {@code count} bytes of the content from an offset but announces all that follow it, then drops the
     * connection.
     */
    private static void send(HttpExchange exchange, long from, int count) throws IOException {
        if (from > 0) {
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (LENGTH - 1) + "/" + LENGTH);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, LENGTH - from);
        exchange.getResponseBody().write(CONTENT, (int) from, count);
        exchange.getResponseBody().flush();
        exchange.close();
    }

    private static void status(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    @Test
    void aBrokenTransferGoesOnWhereItStopped() throws Exception {
        serve((exchange, number, from) -> send(exchange, from, (int) Math.min(100_000, LENGTH - from)));
        List<Long> progress = new ArrayList<>();
        Path file = downloader.fetch(file(LENGTH, sha256(CONTENT), null), folder, (name, done, total) -> {
            assertEquals("file.bin", name);
            assertEquals(LENGTH, total);
            progress.add(done);
        });
        assertEquals(folder.resolve("file.bin"), file);
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
        assertFalse(Files.exists(folder.resolve("file.bin.part")));
        assertTrue(ranges.size() >= 3, ranges.toString());
        assertTrue(ranges.getLast().startsWith("bytes="), ranges.toString());
        assertEquals((long) LENGTH, progress.getLast());
    }

    @Test
    void aStoppedProgramGoesOnFromItsPartFile() throws Exception {
        serve((exchange, number, from) -> send(exchange, from, (int) (LENGTH - from)));
        Files.write(folder.resolve("file.bin.part"), Arrays.copyOf(CONTENT, 123_456));
        downloader.fetch(file(-1, sha256(CONTENT), null), folder, (name, done, total) -> {});
        assertEquals(List.of("bytes=123456-"), ranges);
        assertArrayEquals(CONTENT, Files.readAllBytes(folder.resolve("file.bin")));
    }

    @Test
    void aServerWithoutRangesStartsAgain() throws Exception {
        serve((exchange, number, from) -> {
            exchange.sendResponseHeaders(200, LENGTH);
            exchange.getResponseBody().write(CONTENT);
            exchange.close();
        });
        Files.write(folder.resolve("file.bin.part"), new byte[1000]);
        downloader.fetch(file(-1, sha256(CONTENT), null), folder, (name, done, total) -> {});
        assertArrayEquals(CONTENT, Files.readAllBytes(folder.resolve("file.bin")));
    }

    @Test
    void aWholePartFileNeedsNoBytes() throws Exception {
        serve((exchange, number, from) -> {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + LENGTH);
            status(exchange, 416);
        });
        Files.write(folder.resolve("file.bin.part"), CONTENT);
        downloader.fetch(file(-1, sha256(CONTENT), null), folder, (name, done, total) -> {});
        assertArrayEquals(CONTENT, Files.readAllBytes(folder.resolve("file.bin")));
    }

    @Test
    void aWrongChecksumLeavesNothing() throws Exception {
        serve((exchange, number, from) -> send(exchange, from, LENGTH));
        String wrong = "0".repeat(64);
        FormatException e = assertThrows(
                FormatException.class, () -> downloader.fetch(file(LENGTH, wrong, null), folder, (n, d, t) -> {}));
        assertTrue(e.rule().contains("its SHA-256 is " + sha256(CONTENT)), e.rule());
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void aFileThatIsThereIsCheckedAndKept() throws Exception {
        serve((exchange, number, from) -> status(exchange, 500));
        Path present = Files.write(folder.resolve("file.bin"), CONTENT);
        assertEquals(present, downloader.fetch(file(LENGTH, sha256(CONTENT), null), folder, (n, d, t) -> {}));
        assertTrue(ranges.isEmpty());
        Files.write(present, new byte[] {1});
        assertThrows(
                FormatException.class,
                () -> downloader.fetch(file(-1, sha256(CONTENT), null), folder, (n, d, t) -> {}));
        assertEquals(1, Files.size(present));
    }

    @Test
    void notFoundIsSaidAtOnce() {
        serve((exchange, number, from) -> status(exchange, 404));
        IOException e =
                assertThrows(IOException.class, () -> downloader.fetch(file(-1, null, null), folder, (n, d, t) -> {}));
        assertTrue(e.getMessage().contains("the server answers 404"), e.getMessage());
        assertEquals(1, ranges.size());
    }

    @Test
    void aFailingServerIsTriedFiveTimes() {
        serve((exchange, number, from) -> status(exchange, 503));
        IOException e =
                assertThrows(IOException.class, () -> downloader.fetch(file(-1, null, null), folder, (n, d, t) -> {}));
        assertTrue(e.getMessage().contains("broke off 5 times"), e.getMessage());
        assertEquals(5, ranges.size());
    }

    @Test
    void aStandingTransferIsGivenUpAndResumed() throws Exception {
        serve((exchange, number, from) -> {
            if (number > 0) {
                send(exchange, from, (int) (LENGTH - from));
                return;
            }
            exchange.sendResponseHeaders(200, LENGTH);
            exchange.getResponseBody().write(CONTENT, 0, 5000);
            exchange.getResponseBody().flush(); // and then nothing; the exchange stays open
        });
        Downloader impatient = new Downloader(Duration.ofSeconds(2), Duration.ofMillis(1));
        impatient.fetch(file(LENGTH, sha256(CONTENT), null), folder, (n, d, t) -> {});
        assertArrayEquals(CONTENT, Files.readAllBytes(folder.resolve("file.bin")));
    }

    @Test
    void anotherLengthIsRefused() {
        serve((exchange, number, from) -> send(exchange, from, LENGTH));
        IOException e =
                assertThrows(IOException.class, () -> downloader.fetch(file(5, null, null), folder, (n, d, t) -> {}));
        assertTrue(e.getMessage().contains("should have 5"), e.getMessage());
    }

    @Test
    void aSetIsFetchedUnpackedAndOpened() throws Exception {
        byte[] zip = SampleFiles.zip(Map.of("tiny/a/1.png", SampleFiles.png(SampleFiles.randomImage(4, 4, 1))));
        serve((exchange, number, from) -> {
            exchange.sendResponseHeaders(200, zip.length);
            exchange.getResponseBody().write(zip);
            exchange.close();
        });
        DataSource source = new DataSource(
                "tiny",
                List.of(),
                "a",
                "b",
                null,
                List.of(file(zip.length, sha256(zip), "tiny")),
                List.of(),
                List.of("tiny/tiny"),
                List.of("tiny/tiny"));
        assertEquals(1, downloader.fetch(source, folder, (n, d, t) -> {}).size());
        assertEquals(1, ImageSets.open(folder.resolve("tiny/tiny"), Split.TEST).size());
        DataSource closed =
                new DataSource("x", List.of(), "a", "b", "ask them", List.of(), List.of(), List.of("x"), List.of("x"));
        IOException e = assertThrows(IOException.class, () -> downloader.fetch(closed, folder, (n, d, t) -> {}));
        assertTrue(e.getMessage().contains("ask them"), e.getMessage());
    }
}
