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
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class NpyTest {
    @TempDir
    Path folder;

    @Test
    void everyDtypeComesBack() throws IOException {
        Map<String, HostTensor> arrays = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            for (Shape shape : new Shape[] {Shape.SCALAR, Shape.of(7), Shape.of(0, 3), Shape.of(2, 3, 4)}) {
                if (dtype != DType.BF16) {
                    HostTensor t = HostTensor.allocate(dtype, shape);
                    for (long i = 0; i < t.data().byteSize(); i++) {
                        t.data().set(ValueLayout.JAVA_BYTE, i, (byte) (i * 37 + 11));
                    }
                    arrays.put(dtype + "/" + shape.rank(), t);
                    Path file = folder.resolve("x.npy");
                    Npy.write(file, t);
                    assertSame("x", t, Npy.read(file));
                    assertTrue(t.data().byteSize() == 0 || Npy.read(file).data().isMapped());
                }
            }
        }
        for (boolean deflate : new boolean[] {false, true}) {
            Path file = folder.resolve("x.npz");
            Npz.write(file, arrays, deflate);
            assertSame(arrays, Npz.read(file));
            byte[] once = Files.readAllBytes(file);
            Npz.write(file, arrays, deflate);
            assertArrayEquals(once, Files.readAllBytes(file));
        }
    }

    @Test
    void bfloat16HasNoNpyDtype() {
        HostTensor t = HostTensor.allocate(DType.BF16, Shape.of(2));
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Npy.write(folder.resolve("x.npy"), t));
        assertEquals("npy has no bfloat16; convert to F32 first", e.getMessage());
    }

    @Test
    void theHeaderIsTheOneNumPyWrites() {
        byte[] header = Npy.header(HostTensor.allocate(DType.F32, Shape.of(16, 1, 28, 28)));
        String expected = "\u0093NUMPY\u0001\u0000v\u0000"
                + "{'descr': '<f4', 'fortran_order': False, 'shape': (16, 1, 28, 28), }";
        assertArrayEquals(bytes(expected + " ".repeat(127 - expected.length()) + "\n"), header);
    }

    @Test
    void fortranOrderIsPutIntoCOrder() throws IOException {
        byte[] file = file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 0, 3, 1, 4, 2, 5);
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, Npy.read(source(file)).toFloats());
        byte[] vector = file("{'descr': '|b1', 'fortran_order': True, 'shape': (3,), }", 1, 0, 1);
        assertArrayEquals(new float[] {1, 0, 1}, Npy.read(source(vector)).toFloats());
    }

    @Test
    void versionsTwoAndThreeAndOtherSpacingRead() throws IOException {
        String header = "{\"shape\":(2,1,),\n'descr':\"<f2\",'fortran_order':False}";
        for (int version : new int[] {2, 3}) {
            byte[] front =
                    bytes("\u0093NUMPY" + (char) version + "\u0000" + (char) header.length() + "\0\0\0" + header);
            HostTensor t = Npy.read(source(concat(front, bytes("\u0000\u003c\u0000\u00c0"))));
            assertArrayEquals(new float[] {1, -2}, t.toFloats());
            assertEquals(Shape.of(2, 1), t.shape());
        }
    }

    @Test
    void realFilesRead() throws IOException {
        assertEquals(
                Shape.of(100, 768),
                Npy.read(TestData.file("misc/dream-ood-token_embed_c100.npy")).shape());
        HostTensor hopper = Npy.read(TestData.file("misc/tract-grace_hopper_1x3x224x244.npy"));
        assertEquals(Shape.of(1, 3, 224, 224), hopper.shape());
        Map<String, HostTensor> golden = Npz.read(TestData.file("golden/ddpm_fashion-golden.npz"));
        assertEquals(Shape.of(16, 40, 7, 7), golden.get("out3").shape());
        assertEquals(DType.I64, golden.get("t").dtype());
        assertEquals(1000, golden.get("alpha_bars").shape().elements());
        for (String name : new String[] {
            "cifar10-resnet20", "cifar10-resnet32", "imagenet-mobilenet_v1_0.25_224",
            "imagenet-mobilenet_v2_0.35_224-notop", "imagenet-mobilenet_v2_1.0_224", "imagenet-squeezenet_v1.1_227"
        }) {
            assertTrue(Npz.read(TestData.file("golden/" + name + "-golden.npz")).size() > 2, name);
        }
    }

    @Test
    void badFilesAreRefused() {
        refusesFile("byte 0: does not begin with \\x93NUMPY and a version", bytes("\u0093NUMPX\u0001\0\0\0"));
        refusesFile("byte 0: does not begin with \\x93NUMPY and a version", bytes("\u0093NUMPY\u0001\0\0"));
        refusesFile("byte 6: version 4.0 is not 1.0, 2.0 or 3.0", bytes("\u0093NUMPY\u0004\0\0\0"));
        refusesFile(
                "byte 8: header length 5 is over 65535 or does not fit 14 bytes",
                bytes("\u0093NUMPY\u0001\0\u0005\0{'de"));
        refusesFile(
                "byte 8: header length 65536 is over 65535 or does not fit 70000 bytes",
                concat(bytes("\u0093NUMPY\u0002\0\0\0\u0001\0"), new byte[70000 - 12]));
        refusesHeader(
                "byte 10: F32 [2, 3] takes 24 bytes, but 4 follow",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
        refusesHeader(
                "byte 10: U8 [3] takes 3 bytes, but 4 follow",
                "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }");
        refusesHeader(
                "byte 10: F32 [2147483647, 2147483647, 2147483647] has more bytes than 64 bits can count",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }");
        refusesHeader(
                "byte 25: dtype >f4 is big-endian; save it with dtype '<f4'",
                "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }");
        refusesHeader(
                "byte 24: dtype |O is not one of <f4, <f2, <f8, <i4, <i8, |u1, |b1",
                "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }");
        refusesHeader(
                "byte 20: expected a string", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }");
        refusesHeader(
                "byte 41: the header has the key descr twice", "{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }");
        refusesHeader("byte 15: the header has the unknown key a", "{'a': 1}");
        refusesHeader("byte 12: the header lacks descr, fortran_order or shape", "{}");
        refusesHeader(
                "byte 62: shape is a number in brackets, not a tuple",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}");
        refusesHeader(
                "byte 61: shape is not a tuple of at most 64 whole numbers of at most 18 digits",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}");
        refusesHeader(
                "byte 44: fortran_order is neither True nor False",
                "{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (1,)}");
        refusesHeader(
                "byte 66: something follows the header's dictionary",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x");
    }

    @Test
    void entriesThatAreNoArraysAndWrongChecksumsAreRefused() {
        refuses(
                "entry a.txt: an npz file holds nothing but .npy entries",
                Npz::read,
                TorchFiles.zipOf(Map.of("a.txt", new byte[2]), false));
        byte[] array = file("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", 1, 2, 3, 4);
        byte[] zip = TorchFiles.zipOf(Map.of("a.npy", array), false);
        zip[30 + 5 + array.length - 1] ^= 1;
        refuses("entry a.npy: the content does not have the CRC-32 that the archive states", Npz::read, zip);
        refuses(
                "entry a.npy byte 0: does not begin with \\x93NUMPY and a version",
                Npz::read,
                TorchFiles.zipOf(Map.of("a.npy", new byte[20]), true));
    }

    private static void refusesFile(String message, byte[] file) {
        refuses(message, Npy::read, file);
    }

    private static void refusesHeader(String message, String header) {
        refusesFile(message, file(header, 1, 2, 3, 4));
    }

    private static byte[] file(String header, int... content) {
        byte[] data = new byte[content.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) content[i];
        }
        return concat(bytes("\u0093NUMPY\u0001\0" + (char) header.length() + "\0" + header), data);
    }
}
