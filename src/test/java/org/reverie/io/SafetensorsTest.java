package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.reverie.io.IoAssertions.assertSame;
import static org.reverie.io.IoAssertions.bytes;
import static org.reverie.io.IoAssertions.concat;
import static org.reverie.io.IoAssertions.refuses;
import static org.reverie.io.IoAssertions.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void everyDtypeComesBackAndTheOrderOfTheMapsDoesNotMatter() throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(3);
        for (DType dtype : DType.values()) {
            for (Shape shape : List.of(Shape.SCALAR, Shape.of(3), Shape.of(2, 0, 5), Shape.of(2, 3, 1, 5))) {
                HostTensor t = HostTensor.allocate(dtype, shape);
                byte[] content = new byte[(int) t.data().byteSize()];
                random.nextBytes(content);
                t.data().copyFrom(MemorySegment.ofArray(content));
                tensors.put("λ \"" + dtype + "\"/" + shape, t);
            }
        }
        Map<String, String> metadata = Map.of("format", "pt", "ä\n", "<&>");
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, tensors, metadata);
        Safetensors read = Safetensors.read(file);
        assertSame(tensors, read.tensors());
        assertEquals(metadata, read.metadata());

        Map<String, HostTensor> reversed = new LinkedHashMap<>();
        List.copyOf(tensors.keySet()).reversed().forEach(name -> reversed.put(name, tensors.get(name)));
        Path again = folder.resolve("b.safetensors");
        Safetensors.write(again, reversed, metadata);
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
        long header = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        assertEquals(0, header % 8, "the data is aligned");
    }

    @Test
    void tensorsAreViewsOfTheMappedFile() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, Map.of("x", HostTensor.of(Shape.of(2), 1f, 2f)));
        HostTensor x = Safetensors.read(file).tensors().get("x");
        assertTrue(x.data().isMapped());
        assertTrue(x.data().isReadOnly());
        Safetensors.write(file, Map.of("x", HostTensor.of(Shape.of(2), 3f, 4f)));
        assertArrayEquals(new float[] {1, 2}, x.toFloats(), "replacing a file does not change what is mapped");
    }

    @Test
    void anEmptyFileOfTensorsIsAllowed() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, Map.of());
        assertEquals(Map.of(), Safetensors.read(file).tensors());
    }

    @Test
    void realFilesRead() throws IOException {
        Safetensors unet = Safetensors.read(TestData.file("weights/ddpm_fashion-unet.safetensors"));
        assertEquals(
                606_852,
                unet.tensors().values().stream()
                        .mapToLong(t -> t.shape().elements())
                        .sum());
        assertEquals(
                "BrianPulfer/PapersReimplementations 9ebf59a ddpm/ddpm_fashion.pt",
                unet.metadata().get("source"));
        Safetensors mobilenet = Safetensors.read(TestData.file("weights/imagenet-mobilenet_v2_1.0_224.safetensors"));
        assertTrue(mobilenet.tensors().values().stream().anyMatch(t -> t.dtype() == DType.F16));
    }

    @Test
    void lengthsThatLieAreRefused() {
        refusesFile("has 3 bytes; a safetensors file has at least 8", new byte[3]);
        refusesFile("byte 0: header length 100000001 is over the limit of 100000000", front(100_000_001, ""));
        refusesFile("byte 0: header length 18446744073709551615 is over the limit of 100000000", front(-1, "{}"));
        refusesFile("byte 0: a header of 3 bytes does not fit a file of 10", front(3, "{}"));
        refusesFile("byte 8: the header does not begin with {", front(0, ""));
        refusesFile("byte 8: the header does not begin with {", front(3, " {}"));
        refusesFile("byte 8: the header is not UTF-8", front(3, "{\u00ff}"));
        refusesFile("byte 10: 1 bytes belong to no tensor", front(2, "{}x"));
        refusesTensors("tensor a: ends at data byte 8, but the file has 7", entry("a", "F32", "2", "0,8"), 7);
        refusesTensors("byte 70: 1 bytes belong to no tensor", entry("a", "F32", "2", "0,8"), 9);
    }

    @Test
    void extentsMustCoverTheDataOnce() {
        String a = entry("a", "U8", "4", "0,4");
        refusesTensors(
                "tensor b: begins at data byte 3, inside the tensor that ends at 4",
                a + "," + entry("b", "U8", "5", "3,8"),
                8);
        refusesTensors(
                "tensor b: begins at data byte 5, leaving a hole from 4", a + "," + entry("b", "U8", "3", "5,8"), 8);
        refusesTensors(
                "tensor b: begins at data byte 0, inside the tensor that ends at 4",
                a + "," + entry("b", "U8", "4", "0,4"),
                4);
        refusesTensors(
                "tensor a: data_offsets [0, 9] hold 9 bytes, but F32 [2] takes 8", entry("a", "F32", "2", "0,9"), 9);
        refusesTensors("tensor a: data_offsets [8, 0] is not a begin and an end", entry("a", "F32", "2", "8,0"), 8);
        refusesTensors("tensor a: data_offsets [8] is not a begin and an end", entry("a", "F32", "2", "8"), 8);
    }

    @Test
    void shapesCannotOverflow() {
        refusesTensors(
                "tensor a: F32 [2147483647, 2147483647, 2147483647] has more bytes than 64 bits can count",
                entry("a", "F32", "2147483647,2147483647,2147483647", "0,0"),
                0);
        refusesTensors(
                "tensor a: F32 [2147483647, 2147483647, 2147483647, 0] has more bytes than 64 bits can count",
                entry("a", "F32", "2147483647,2147483647,2147483647,0", "0,0"),
                0);
        refusesTensors("tensor a: extent 2147483648 is not in 0…2147483647", entry("a", "U8", "2147483648", "0,0"), 0);
        refusesTensors(
                "tensor a: shape holds 9999999999999999999, which is not a whole number of at most 18 digits",
                entry("a", "U8", "9999999999999999999", "0,0"),
                0);
        refusesTensors(
                "tensor a: shape holds -1, which is not a whole number of at most 18 digits",
                entry("a", "U8", "-1", "0,0"),
                0);
        refusesTensors(
                "tensor a: shape holds 1e0, which is not a whole number of at most 18 digits",
                entry("a", "U8", "1e0", "0,1"),
                1);
        refusesTensors("tensor a: shape has more than 64 numbers", entry("a", "U8", "1" + ",1".repeat(64), "0,1"), 1);
    }

    @Test
    void theHeaderIsReadStrictly() {
        String a = entry("a", "U8", "", "0,1");
        refusesTensors("header: the key \"a\" occurs twice", a + "," + a, 1);
        refusesTensors(
                "tensor a: the key \"dtype\" occurs twice",
                "\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}",
                1);
        refusesTensors("__metadata__: the key \"k\" occurs twice", "\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}", 0);
        refusesTensors("__metadata__ k: expected a string, found NUMBER", "\"__metadata__\":{\"k\":1}", 0);
        refusesTensors(
                "tensor a: has a key other than dtype, shape and data_offsets",
                "\"a\":{\"dtype\":\"U8\",\"strides\":[1]}",
                0);
        refusesTensors("tensor a: lacks dtype, shape or data_offsets", "\"a\":{\"dtype\":\"U8\"}", 0);
        refusesTensors(
                "tensor a: dtype F8_E4M3 is not one of F32, F16, BF16, F64, I32, I64, U8, BOOL",
                entry("a", "F8_E4M3", "", "0,1"),
                1);
        refusesTensors("tensor a: expected an object, found BEGIN_ARRAY", "\"a\":[]", 0);
        refusesTensors("tensor a: expected numbers in shape, found STRING", entry("a", "U8", "\"1\"", "0,1"), 1);
        refusesTensors("header: the key \"\\ud800\" is not well-formed text", entry("\\ud800", "U8", "", "0,1"), 1);
        refusesFile("header $: the header is not valid JSON", front(3, "{}}"));
        refusesFile("header $.: the header is not valid JSON", front(2, "{x"));
        refusesFile("header $.a: the header is not valid JSON", front(5, "{\"a\":"));
        refusesFile(
                "header $.__metadata__.: the header is not valid JSON", front(28, "{\"__metadata__\":{'k':'v'}}   "));
    }

    @Test
    void aNameOfTheFormatsOwnCannotBeWritten() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> Safetensors.write(folder.resolve("x"), Map.of("__metadata__", HostTensor.of(Shape.SCALAR, 1f))));
        assertEquals("a tensor cannot be called __metadata__ in a safetensors file", e.getMessage());
    }

    @Test
    void paddingAndAnyOrderOfKeysAreAllowed() throws IOException {
        byte[] file =
                front(65, "{\"a\":{\"data_offsets\":[0,2],\"shape\":[1],\"dtype\":\"BF16\"}}          \u0080\u003f");
        assertEquals(1.0, Safetensors.read(source(file)).tensors().get("a").get(0));
    }

    private static void refusesFile(String message, byte[] file) {
        refuses(message, Safetensors::read, file);
    }

    private static void refusesTensors(String message, String entries, int data) {
        byte[] json = ("{" + entries + "}").getBytes(StandardCharsets.UTF_8);
        refusesFile(message, concat(front(json.length, ""), json, new byte[data]));
    }

    private static String entry(String name, String dtype, String shape, String offsets) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets
                + "]}";
    }

    private static byte[] front(long length, String rest) {
        byte[] head = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .array();
        return concat(head, bytes(rest));
    }
}
