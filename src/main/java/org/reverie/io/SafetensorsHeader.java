package org.reverie.io;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;

/** The JSON at the front of a safetensors file, read strictly: what the format does not define is an error, not ignored. */
final class SafetensorsHeader {
    /** More entries than any published checkpoint has; bounds the memory a header full of empty tensors can cost. */
    static final int MAX_TENSORS = 1 << 18;

    private static final String METADATA = "__metadata__";

    /** Where one tensor lies: {@code begin} and {@code end} count bytes from the end of the header. */
    record Entry(DType dtype, Shape shape, long begin, long end) {}

    private final Source source;
    private final JsonReader json;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader(Source source, String text) {
        this.source = source;
        this.json = new JsonReader(new StringReader(text));
        json.setStrictness(Strictness.STRICT);
        json.setNestingLimit(8);
    }

    /** Parses {@code length} bytes at offset 8. */
    static SafetensorsHeader parse(Source source, long length) throws FormatException {
        MemorySegment bytes = source.data().asSlice(8, length);
        if (length == 0 || bytes.get(ValueLayout.JAVA_BYTE, 0) != '{') {
            throw source.badAt(8, "the header does not begin with {");
        }
        SafetensorsHeader header;
        try {
            ByteBuffer buffer = bytes.asByteBuffer();
            header = new SafetensorsHeader(
                    source, StandardCharsets.UTF_8.newDecoder().decode(buffer).toString());
        } catch (CharacterCodingException e) {
            throw new FormatException(source.name(), "byte 8", "the header is not UTF-8", e);
        }
        try {
            header.object();
        } catch (FormatException e) {
            throw e;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new FormatException(
                    source.name(), "header " + header.json.getPath(), "the header is not valid JSON", e);
        }
        return header;
    }

    Map<String, Entry> entries() {
        return entries;
    }

    Map<String, String> metadata() {
        return metadata;
    }

    private void object() throws IOException {
        Set<String> names = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String name = name(names, "header");
            if (name.equals(METADATA)) {
                readMetadata();
            } else if (entries.size() == MAX_TENSORS) {
                throw source.bad("header", "lists more than " + MAX_TENSORS + " tensors");
            } else {
                entries.put(name, tensor("tensor " + name));
            }
        }
        json.endObject();
        expect(JsonToken.END_DOCUMENT, "header", "nothing after the object");
    }

    private void readMetadata() throws IOException {
        Set<String> names = new HashSet<>();
        expect(JsonToken.BEGIN_OBJECT, METADATA, "an object");
        json.beginObject();
        while (json.hasNext()) {
            String name = name(names, METADATA);
            expect(JsonToken.STRING, METADATA + " " + name, "a string");
            metadata.put(name, json.nextString());
        }
        json.endObject();
    }

    private Entry tensor(String place) throws IOException {
        Set<String> names = new HashSet<>();
        DType dtype = null;
        List<Long> extents = null;
        List<Long> offsets = null;
        expect(JsonToken.BEGIN_OBJECT, place, "an object");
        json.beginObject();
        while (json.hasNext()) {
            switch (name(names, place)) {
                case "dtype" -> dtype = dtype(place);
                case "shape" -> extents = numbers(place, "shape", Extents.MAX_RANK);
                case "data_offsets" -> offsets = numbers(place, "data_offsets", 2);
                default -> throw source.bad(place, "has a key other than dtype, shape and data_offsets");
            }
        }
        json.endObject();
        if (dtype == null || extents == null || offsets == null) {
            throw source.bad(place, "lacks dtype, shape or data_offsets");
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw source.bad(place, "data_offsets " + offsets + " is not a begin and an end");
        }
        Shape shape = Extents.shape(source, place, extents, dtype);
        long bytes = shape.elements() * dtype.bytes();
        if (offsets.get(1) - offsets.get(0) != bytes) {
            throw source.bad(
                    place,
                    "data_offsets " + offsets + " hold " + (offsets.get(1) - offsets.get(0)) + " bytes, but " + dtype
                            + " " + shape + " takes " + bytes);
        }
        return new Entry(dtype, shape, offsets.get(0), offsets.get(1));
    }

    private DType dtype(String place) throws IOException {
        expect(JsonToken.STRING, place, "a dtype string");
        String text = json.nextString();
        return switch (text) {
            case "F32" -> DType.F32;
            case "F16" -> DType.F16;
            case "BF16" -> DType.BF16;
            case "F64" -> DType.F64;
            case "I32" -> DType.I32;
            case "I64" -> DType.I64;
            case "U8", "BOOL" -> DType.U8;
            default ->
                throw source.bad(place, "dtype " + text + " is not one of F32, F16, BF16, F64, I32, I64, U8, BOOL");
        };
    }

    private List<Long> numbers(String place, String key, int most) throws IOException {
        List<Long> out = new ArrayList<>();
        expect(JsonToken.BEGIN_ARRAY, place, "an array under " + key);
        json.beginArray();
        while (json.hasNext()) {
            expect(JsonToken.NUMBER, place, "numbers in " + key);
            String text = json.nextString();
            if (text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
                throw source.bad(place, key + " holds " + text + ", which is not a whole number of at most 18 digits");
            }
            if (out.size() == most) {
                throw source.bad(place, key + " has more than " + most + " numbers");
            }
            out.add(Long.parseLong(text));
        }
        json.endArray();
        return out;
    }

    private String name(Set<String> seen, String place) throws IOException {
        String name = json.nextName();
        if (!seen.add(name)) {
            throw source.bad(place, "the key \"" + name + "\" occurs twice");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw source.bad(place, "the key \"" + name + "\" is not well-formed text");
        }
        return name;
    }

    private void expect(JsonToken token, String place, String what) throws IOException {
        JsonToken found = json.peek();
        if (found != token) {
            throw source.bad(place, "expected " + what + ", found " + found);
        }
    }
}
