package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.reverie.io.IoAssertions.assertSame;
import static org.reverie.io.IoAssertions.bytes;
import static org.reverie.io.IoAssertions.concat;
import static org.reverie.io.IoAssertions.refuses;
import static org.reverie.io.IoAssertions.source;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class PyTorchCheckpointTest {
    @TempDir
    Path folder;

    @Test
    void theStreamFormEqualsItsSafetensorsTwin() throws IOException {
        PyTorchCheckpoint file = PyTorchCheckpoint.read(TestData.file("weights/resnet20-12fca82f.th"));
        assertEquals(PyTorchCheckpoint.Form.STREAM, file.form());
        StateDict dict = file.stateDict();
        assertEquals("state_dict", dict.under());
        assertSame(
                Safetensors.read(TestData.file("weights/cifar10-resnet20-12fca82f.safetensors"))
                        .tensors(),
                dict.withoutPrefix("module."));
        assertTrue(dict.tensors().values().stream().allMatch(t -> t.data().isMapped()), "nothing is copied");
        assertTrue(file.value() instanceof Map<?, ?> top && (double) top.get("best_prec1") == 91.78000183105469);
    }

    @Test
    void theZipFormEqualsItsSafetensorsTwin() throws IOException {
        PyTorchCheckpoint file = PyTorchCheckpoint.read(TestData.file("weights/ddpm_fashion.pt"));
        assertEquals(PyTorchCheckpoint.Form.ZIP, file.form());
        Map<String, HostTensor> read = new LinkedHashMap<>(file.stateDict().withoutPrefix("network."));
        Map<String, HostTensor> twin = Safetensors.read(TestData.file("weights/ddpm_fashion-unet.safetensors"))
                .tensors();
        read.keySet().retainAll(twin.keySet());
        assertSame(twin, read);
        assertTrue(read.values().stream().allMatch(t -> t.data().isMapped()), "nothing is copied");
    }

    @Test
    void bothFormsGiveBackEveryKindOfValue() throws IOException {
        Map<String, Object> top = new LinkedHashMap<>();
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            HostTensor t = HostTensor.allocate(dtype, Shape.of(3, 2));
            for (long i = 0; i < t.data().byteSize(); i++) {
                t.data().set(ValueLayout.JAVA_BYTE, i, (byte) (5 * i + 1));
            }
            tensors.put("t." + dtype, t);
        }
        tensors.put("empty", HostTensor.allocate(DType.F32, Shape.of(0, 4)));
        tensors.put("scalar", HostTensor.of(Shape.SCALAR, 7f));
        top.put("state_dict", new TorchFiles.Ordered(tensors));
        top.put("epoch", 300L);
        top.put("big", 1L << 40);
        top.put("negative", -5L);
        top.put("lr", 0.1);
        top.put("name", "λ");
        top.put("flags", Arrays.asList(true, false, null));
        for (byte[] file : List.of(TorchFiles.stream(top), TorchFiles.zip(top, false), TorchFiles.zip(top, true))) {
            PyTorchCheckpoint read = PyTorchCheckpoint.read(source(file));
            StateDict dict = read.stateDict();
            assertSame(tensors, dict.tensors());
            assertEquals(
                    List.copyOf(tensors.keySet()), List.copyOf(dict.tensors().keySet()));
            Map<?, ?> value = (Map<?, ?>) read.value();
            assertEquals(top.keySet(), value.keySet());
            for (String key : List.of("epoch", "big", "negative", "lr", "name", "flags")) {
                assertEquals(top.get(key), value.get(key), key);
            }
        }
    }

    @Test
    void stridedTensorsAreMaterialisedAndStoragesShared() throws IOException {
        HostTensor base = HostTensor.of(Shape.of(6), 0f, 1f, 2f, 3f, 4f, 5f);
        Map<String, Object> top = new LinkedHashMap<>();
        top.put("whole", base);
        top.put("transposed", new TorchFiles.View(base, 0, new int[] {3, 2}, new int[] {1, 3}, false));
        top.put("tail", new TorchFiles.View(base, 4, new int[] {1, 2}, new int[] {77, 1}, true));
        top.put("expanded", new TorchFiles.View(base, 5, new int[] {2, 2}, new int[] {0, 0}, false));
        top.put("overlapping", new TorchFiles.View(base, 1, new int[] {2, 2, 2}, new int[] {1, 1, 2}, false));
        for (byte[] file : List.of(TorchFiles.stream(top), TorchFiles.zip(top, true))) {
            Map<String, HostTensor> read =
                    PyTorchCheckpoint.read(source(file)).stateDict().tensors();
            assertArrayEquals(base.toFloats(), read.get("whole").toFloats());
            assertArrayEquals(
                    new float[] {0, 3, 1, 4, 2, 5}, read.get("transposed").toFloats());
            assertArrayEquals(new float[] {4, 5}, read.get("tail").toFloats());
            assertArrayEquals(new float[] {5, 5, 5, 5}, read.get("expanded").toFloats());
            assertArrayEquals(
                    new float[] {1, 3, 2, 4, 2, 4, 3, 5},
                    read.get("overlapping").toFloats());
        }
    }

    @Test
    void theStateDictIsFoundWhereverItIs() throws IOException {
        HostTensor t = HostTensor.of(Shape.of(1), 1f);
        Map<String, Object> weights = Map.of("w", t);
        assertEquals("", find(weights).under());
        assertEquals(
                "model",
                find(Map.of("model", weights, "optimizer", Map.of("m", t))).under());
        assertEquals("anything", find(Map.of("anything", weights, "epoch", 3L)).under());
        Map<String, Object> mixed = new LinkedHashMap<>(weights);
        mixed.put("step", 3L);
        assertEquals(List.of("step"), find(mixed).others());
        refuses(
                "holds no dictionary of named tensors where a checkpoint has one",
                source -> PyTorchCheckpoint.read(source).stateDict(),
                TorchFiles.zip(Map.of("a", weights, "b", weights), false));
    }

    private static StateDict find(Object value) throws IOException {
        return PyTorchCheckpoint.read(source(TorchFiles.zip(value, false))).stateDict();
    }

    @Test
    void opcodesAndNamesBeyondTheNeededAreRefused() {
        refusesPickle(
                "byte 2: the name os.system is not one a checkpoint may use here", "cos\nsystem\n(X\u0002\0\0\0lstR.");
        refusesPickle(
                "byte 18: the name builtins.eval is not one a checkpoint may use here",
                "\u008c\u0008builtins\u008c\u0004eval\u0093.");
        refusesPickle(
                "byte 2: the name torch.ShortStorage is not one a checkpoint may use here", "ctorch\nShortStorage\n.");
        refusesPickle("byte 2: opcode 0x69 is unknown or not allowed in a checkpoint", "i");
        refusesPickle(
                "byte 28: opcode 0x81 is unknown or not allowed in a checkpoint",
                "ccollections\nOrderedDict\n)\u0081.");
        refusesPickle("byte 2: opcode 0xff is unknown or not allowed in a checkpoint", "\u00ff");
        refusesPickle("byte 4: only an allowed name can be applied, and only to a tuple", "NNR.");
        refusesPickle("byte 23: torch.FloatStorage cannot be applied", "ctorch\nFloatStorage\n)R.");
        refusesPickle("byte 4: attributes are set on something other than a dictionary", "NNb.");
    }

    @Test
    void bytesAsProtocolTwoWritesThemRead() throws IOException {
        String call = "c_codecs\nencode\n(X\u0003\0\0\0a\u00c3\u00bfX\u0006\0\0\0latin1tR.";
        assertArrayEquals(new byte[] {'a', (byte) 0xff}, (byte[]) read(call));
        refusesPickle("byte 29: _codecs.encode is not given Latin-1 text", "c_codecs\nencode\n(X\u0003\0\0\0abcNtR.");
    }

    @Test
    void picklesThatAreNotWellFormedAreRefused() {
        refusesPickle("byte 2: the pickle is cut short", "");
        refusesPickle("byte 2: the pickle is cut short", "X\u00ff\u00ff\u00ff\u00ffab");
        refusesPickle("byte 2: the pickle is cut short", "\u008d\0\0\0\0\0\0\0\u0080");
        refusesPickle("byte 2: the stack is empty", ".");
        refusesPickle("byte 3: the stack is empty", "(0");
        refusesPickle("byte 2: there is no mark on the stack", "t.");
        refusesPickle("byte 4: the pickle stops with 1 values left over", "NN.");
        refusesPickle("byte 2: memo 7 was never set", "h\u0007.");
        refusesPickle("byte 2: a string is not UTF-8", "X\u0001\0\0\0\u00ff.");
        refusesPickle("byte 2: a number of 33 bytes is too long", "\u008a\u0021.");
        refusesPickle("byte 2: pickle protocol 9 is not one of 2 to 5", "\u0080\u0009.");
        refusesPickle("byte 4: items are appended to something other than a list", "NNa.");
        refusesPickle("byte 7: a dictionary's last key has no value", "}(NNNu.");
        refusesPickle("byte 10: the key \"5\" occurs twice in a dictionary", "}(K\u0005NK\u0005Nu.");
        refusesPickle("byte 5: a dictionary's key is neither text nor a whole number", "}]Ns.");
        refusesPickle("byte 4: bytes follow the end of the pickle", "}.x");
    }

    @Test
    void valuesThatCannotBeWalkedAreRefused() {
        refusesPickle("value [0]: contains itself", "]q\0h\0a.");
        refusesPickle("value [k][0]: contains itself", "}q\0X\u0001\0\0\0k]q\u0001h\u0001as.");
        String deep = "]".repeat(101) + "a".repeat(100) + ".";
        FormatException e = assertThrows(FormatException.class, () -> read(deep));
        assertTrue(e.getMessage().endsWith(": nests deeper than 100"), e.getMessage());
        // Each list holds the one before it twice: 2^60 parts when written out, in 300 bytes.
        StringBuilder laughs = new StringBuilder("]q\0");
        for (int i = 0; i < 60; i++) {
            laughs.append("0](h\0h\0eq\0");
        }
        e = assertThrows(FormatException.class, () -> read(laughs + "."));
        assertTrue(e.getMessage().endsWith(": has more than 4194304 parts when written out"), e.getMessage());
        e = assertThrows(FormatException.class, () -> read("]".repeat(PickleReader.MAX_VALUES + 1) + "."));
        assertTrue(
                e.getMessage().endsWith("the pickle takes more than 4194304 steps or creates more than 1048576 values"),
                e.getMessage());
        e = assertThrows(FormatException.class, () -> read("(".repeat(PickleReader.MAX_STEPS + 1) + "."));
        assertTrue(e.getMessage().contains("more than 4194304 steps"), e.getMessage());
    }

    @Test
    void whatTheMemoRepeatsIsCounted() {
        StringBuilder pairs = new StringBuilder("ccollections\nOrderedDict\nq\0](");
        for (int i = 0; i < 1000; i++) {
            pairs.append("M").append((char) (i & 255)).append((char) (i >> 8)).append("N\u0086");
        }
        pairs.append("e\u0085q\u0001");
        FormatException e = assertThrows(FormatException.class, () -> read(pairs + "h\0h\u0001R".repeat(2000) + "."));
        assertTrue(e.getMessage().endsWith("creates more than 1048576 values"), e.getMessage());
        String text = "c_codecs\nencode\nq\0(X\0\0\u0010\0" + "x".repeat(1 << 20) + "X\u0006\0\0\0latin1tq\u0001";
        e = assertThrows(FormatException.class, () -> read(text + "h\0h\u0001R".repeat(2000) + "."));
        assertTrue(e.getMessage().endsWith("the pickle's strings have more than 67108864 bytes"), e.getMessage());
    }

    @Test
    void tensorsOutsideTheirStorageAreRefused() {
        HostTensor base = HostTensor.of(Shape.of(6), 0f, 1f, 2f, 3f, 4f, 5f);
        record Case(long offset, int[] shape, int[] strides) {}
        for (Case c : List.of(
                new Case(0, new int[] {7}, new int[] {1}),
                new Case(6, new int[] {1}, new int[] {1}),
                new Case(-1, new int[] {1}, new int[] {1}),
                new Case(0, new int[] {2, 3}, new int[] {4, 1}),
                new Case(0, new int[] {2}, new int[] {-1}),
                new Case(5, new int[] {2}, new int[] {1}),
                new Case(0, new int[] {2}, new int[] {1, 1}),
                new Case(0, new int[] {2147483647, 2}, new int[] {2147483647, 1}))) {
            String message = "tensor [t]: shape " + Shape.of(c.shape) + " with strides " + Arrays.toString(c.strides)
                    + " at element " + c.offset + " does not lie inside its storage of 6 elements";
            Object top = Map.of("t", new TorchFiles.View(base, c.offset, c.shape, c.strides, false));
            refuses(message, PyTorchCheckpoint::read, TorchFiles.zip(top, false));
            refuses(message, PyTorchCheckpoint::read, TorchFiles.stream(top));
        }
        int[] huge = {1 << 20, 1 << 20};
        Object bomb = Map.of("t", new TorchFiles.View(base, 0, huge, new int[] {0, 0}, false));
        byte[] file = TorchFiles.stream(bomb);
        refuses(
                "tensor [t]: needs 4398046511104 bytes of memory, but a file of " + file.length
                        + " bytes may cost 1048576",
                PyTorchCheckpoint::read,
                file);
        int[] over = {2147483647, 2147483647, 2147483647};
        refuses(
                "tensor [t]: F32 [2147483647, 2147483647, 2147483647] has more bytes than 64 bits can count",
                PyTorchCheckpoint::read,
                TorchFiles.stream(Map.of("t", new TorchFiles.View(base, 0, over, new int[] {0, 0, 0}, false))));
    }

    @Test
    void storagesThatLieAreRefused() {
        HostTensor t = HostTensor.of(Shape.of(2), 1f, 2f);
        byte[] stream = TorchFiles.stream(Map.of("t", t));
        int storage = stream.length - 16;
        refuses(
                "storage 0 at byte " + storage + ": has 3 elements, but the pickle says 2",
                PyTorchCheckpoint::read,
                set(stream, storage, 3));
        refuses(
                "storage 0 at byte " + storage + ": has -1 elements, but the pickle says 2",
                PyTorchCheckpoint::read,
                concat(Arrays.copyOf(stream, storage), bytes("\u00ff".repeat(8)), new byte[8]));
        refuses(
                "storage 0 at byte " + storage + ": the file is cut short: 8 bytes were to follow",
                PyTorchCheckpoint::read,
                Arrays.copyOf(stream, stream.length - 1));
        refuses(
                "storage 0 at byte " + storage + ": the file is cut short",
                PyTorchCheckpoint::read,
                Arrays.copyOf(stream, storage + 7));
        Map<String, byte[]> entries = new LinkedHashMap<>();
        byte[] zip = TorchFiles.zip(Map.of("t", t), false);
        int at = new String(zip, StandardCharsets.ISO_8859_1).indexOf("\u0080\u0002}(");
        int end = new String(zip, StandardCharsets.ISO_8859_1).indexOf("tRu.") + 4;
        entries.put("m/data.pkl", Arrays.copyOfRange(zip, at, end));
        refusesEntries("entry m/data/0: is used by the pickle and is not in the archive", entries);
        entries.put("m/data/0", new byte[7]);
        refusesEntries("entry m/data/0: has 7 bytes, but the pickle says 8", entries);
        entries.put("m/byteorder", bytes("big"));
        refusesEntries("entry m/byteorder: must say little", entries);
        entries.remove("m/byteorder");
        entries.put("m/version", bytes("11"));
        refusesEntries("entry m/version: the version is not a number up to 10", entries);
        entries.put("m/constants.pkl", bytes("x"));
        refusesEntries("entry m/constants.pkl: is a TorchScript program, not a checkpoint", entries);
        entries.put("n/data.pkl", bytes("x"));
        refusesEntries("entry n/data.pkl: is a second data.pkl", entries);
        entries.remove("m/data.pkl");
        entries.remove("n/data.pkl");
        refusesEntries("is a zip archive without FOLDER/data.pkl, so not a PyTorch checkpoint", entries);
    }

    @Test
    void streamsThatAreNotCheckpointsAreRefused() {
        refuses(
                "byte 0: is not a PyTorch checkpoint: the magic number is missing",
                PyTorchCheckpoint::read,
                bytes("\u0080\u0002N."));
        refuses("byte 0: the pickle is cut short", PyTorchCheckpoint::read, new byte[0]);
        byte[] good = TorchFiles.stream(Map.of());
        byte[] magic = Arrays.copyOf(good, 15);
        refuses(
                "byte 15: the protocol is not 1001",
                PyTorchCheckpoint::read,
                concat(magic, bytes("\u0080\u0002K\u0005.")));
        refuses(
                "byte 23: the file was not written on a little-endian machine",
                PyTorchCheckpoint::read,
                concat(Arrays.copyOf(good, 23), bytes("\u0080\u0002}.")));
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        Path missing = folder.resolve("missing.pth");
        IOException e = assertThrows(IOException.class, () -> PyTorchCheckpoint.read(missing));
        assertEquals(missing + ": no such file", e.getMessage());
        assertFalse(e instanceof FormatException);
        e = assertThrows(FormatException.class, () -> PyTorchCheckpoint.read(folder));
        assertEquals(folder + ": is not a regular file", e.getMessage());
    }

    private static byte[] set(byte[] file, int at, int value) {
        byte[] out = file.clone();
        out[at] = (byte) value;
        return out;
    }

    private static void refusesEntries(String message, Map<String, byte[]> entries) {
        refuses(message, PyTorchCheckpoint::read, TorchFiles.zipOf(entries, false));
    }

    /** Runs code behind the two bytes that state protocol 2. */
    private static Object read(String code) throws IOException {
        return PyTorchCheckpoint.read(source(pickle(code))).value();
    }

    private static byte[] pickle(String code) {
        return TorchFiles.zipOf(Map.of("archive/data.pkl", bytes("\u0080\u0002" + code)), false);
    }

    private static void refusesPickle(String message, String code) {
        String place = message.startsWith("byte") ? "entry archive/data.pkl " : "";
        refuses(place + message, PyTorchCheckpoint::read, pickle(code));
    }
}
