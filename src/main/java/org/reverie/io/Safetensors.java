package org.reverie.io;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.reverie.tensor.HostTensor;

/**
 * A safetensors file: named tensors and string metadata. The format (huggingface/safetensors): 8 bytes little-endian
 * header length, a JSON object {@code name → {dtype, shape, data_offsets}}, then the data, which the tensors' extents
 * cover without overlap and without holes. Reading maps the file; the tensors are views of it and nothing is copied.
 * {@code BOOL} is read as {@code U8}.
 *
 * @param tensors in the order of the file
 * @param metadata the strings under {@code __metadata__}, in the order of the file
 */
public record Safetensors(Map<String, HostTensor> tensors, Map<String, String> metadata) {
    /** The official reader's cap on the header, in bytes. */
    public static final long MAX_HEADER = 100_000_000;

    public Safetensors {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /** @throws FormatException if the file breaks any rule of the format */
    public static Safetensors read(Path file) throws IOException {
        return read(Source.map(file));
    }

    public static Safetensors read(Source source) throws FormatException {
        if (source.size() < 8) {
            throw source.bad("", "has " + source.size() + " bytes; a safetensors file has at least 8");
        }
        long length = source.data().get(HostTensor.LONG, 0);
        if (length < 0 || length > MAX_HEADER) {
            throw source.badAt(
                    0, "header length " + Long.toUnsignedString(length) + " is over the limit of " + MAX_HEADER);
        }
        if (!source.holds(8, length)) {
            throw source.badAt(0, "a header of " + length + " bytes does not fit a file of " + source.size());
        }
        SafetensorsHeader header = SafetensorsHeader.parse(source, length);
        long start = 8 + length;
        checkCover(source, header.entries(), source.size() - start);
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        header.entries()
                .forEach((name, e) -> tensors.put(
                        name,
                        new HostTensor(
                                e.dtype(), e.shape(), source.data().asSlice(start + e.begin(), e.end() - e.begin()))));
        return new Safetensors(tensors, header.metadata());
    }

    /** The extents, sorted, must run from 0 to the end of the data without a gap or an overlap. */
    private static void checkCover(Source source, Map<String, SafetensorsHeader.Entry> entries, long size)
            throws FormatException {
        List<Map.Entry<String, SafetensorsHeader.Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Comparator.comparingLong((Map.Entry<String, SafetensorsHeader.Entry> e) ->
                        e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        long at = 0;
        for (Map.Entry<String, SafetensorsHeader.Entry> e : sorted) {
            String place = "tensor " + e.getKey();
            long begin = e.getValue().begin();
            if (begin < at) {
                throw source.bad(place, "begins at data byte " + begin + ", inside the tensor that ends at " + at);
            }
            if (begin > at) {
                throw source.bad(place, "begins at data byte " + begin + ", leaving a hole from " + at);
            }
            at = e.getValue().end();
            if (at > size) {
                throw source.bad(place, "ends at data byte " + at + ", but the file has " + size);
            }
        }
        if (at != size) {
            throw source.badAt(source.size() - (size - at), (size - at) + " bytes belong to no tensor");
        }
    }

    /** Writes tensors without metadata. */
    public static void write(Path file, Map<String, HostTensor> tensors) throws IOException {
        write(file, tensors, Map.of());
    }

    /**
     * Writes a file atomically. The bytes depend only on the tensors and the metadata, not on the order of the maps:
     * wider dtypes come first (which keeps everything aligned), then names in order.
     */
    public static void write(Path file, Map<String, HostTensor> tensors, Map<String, String> metadata)
            throws IOException {
        if (tensors.containsKey("__metadata__")) {
            throw new IllegalArgumentException("a tensor cannot be called __metadata__ in a safetensors file");
        }
        List<Map.Entry<String, HostTensor>> sorted = new ArrayList<>(tensors.entrySet());
        sorted.sort(Comparator.comparingInt((Map.Entry<String, HostTensor> e) ->
                        -e.getValue().dtype().bytes())
                .thenComparing(Map.Entry::getKey));
        byte[] json = header(sorted, metadata).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        if (padded > MAX_HEADER) {
            throw new IllegalArgumentException(
                    "the header takes " + padded + " bytes, over the limit of " + MAX_HEADER);
        }
        ByteBuffer front = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        front.putLong(padded).put(json);
        while (front.hasRemaining()) {
            front.put((byte) ' ');
        }
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, front.flip());
            for (Map.Entry<String, HostTensor> e : sorted) {
                AtomicFile.writeFully(channel, e.getValue().data());
            }
        });
    }

    private static String header(List<Map.Entry<String, HostTensor>> sorted, Map<String, String> metadata)
            throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        json.setHtmlSafe(false);
        json.beginObject();
        if (!metadata.isEmpty()) {
            json.name("__metadata__").beginObject();
            for (Map.Entry<String, String> e : new TreeMap<>(metadata).entrySet()) {
                json.name(e.getKey()).value(e.getValue());
            }
            json.endObject();
        }
        long at = 0;
        for (Map.Entry<String, HostTensor> e : sorted) {
            HostTensor t = e.getValue();
            json.name(e.getKey()).beginObject();
            json.name("dtype").value(t.dtype().name());
            json.name("shape").beginArray();
            for (int extent : t.shape().toArray()) {
                json.value(extent);
            }
            json.endArray();
            json.name("data_offsets").beginArray().value(at);
            at += t.data().byteSize();
            json.value(at).endArray();
            json.endObject();
        }
        json.endObject();
        json.flush();
        return text.toString();
    }
}
