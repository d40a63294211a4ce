package org.reverie.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What ran when, written to a file as it happens: JSON in Chrome's trace event format, which Perfetto and chrome://tracing
 * show. Each track is a line of the picture: a thread of the host, or a device. Times are nanoseconds since the trace began.
 */
public final class Trace implements AutoCloseable {
    private final Writer out;
    private final long origin = System.nanoTime();
    private final Map<String, Integer> tracks = new LinkedHashMap<>();
    private boolean closed;

    /** Begins a file, which must not be read before {@link #close}. */
    public Trace(Path file) throws IOException {
        out = Files.newBufferedWriter(file);
        out.write("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n"
                + "{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", \"args\": {\"name\": \"reverie\"}}");
    }

    public long now() {
        return System.nanoTime() - origin;
    }

    /** Something lasted from {@code start} to {@code end}. */
    public synchronized void span(String track, String name, long start, long end) {
        if (closed) {
            return;
        }
        int number = tracks.computeIfAbsent(track, t -> {
            int next = tracks.size() + 1;
            write(
                    "{\"ph\": \"M\", \"pid\": 1, \"tid\": %d, \"name\": \"thread_name\", \"args\": {\"name\": %s}}",
                    next, quoted(t));
            return next;
        });
        write(
                "{\"ph\": \"X\", \"pid\": 1, \"tid\": %d, \"name\": %s, \"ts\": %.3f, \"dur\": %.3f}",
                number, quoted(name), start / 1e3, (end - start) / 1e3);
    }

    private void write(String format, Object... values) {
        try {
            out.write(",\n");
            out.write(String.format(Locale.ROOT, format, values));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String quoted(String text) {
        StringBuilder s = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            s.append(c == '"' || c == '\\' ? "\\" + c : c < ' ' ? " " : String.valueOf(c));
        }
        return s.append('"').toString();
    }

    /** Ends the file. What is reported later is left out. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            out.write("\n]}\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
