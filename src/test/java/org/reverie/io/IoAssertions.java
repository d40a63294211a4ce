package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.reverie.tensor.HostTensor;

/** What the tests of readers have in common. */
final class IoAssertions {
    private IoAssertions() {}

    static Source source(byte[] bytes) {
        return Source.of("f", MemorySegment.ofArray(bytes), 1 << 20);
    }

    /** The reader refuses the bytes with exactly this message, after the file's name {@code f}. */
    static void refuses(String message, FuzzTarget.Reader reader, byte[] bytes) {
        FormatException e = assertThrows(FormatException.class, () -> reader.read(source(bytes)));
        assertEquals("f: " + message, e.getMessage());
    }

    static void assertSame(Map<String, HostTensor> expected, Map<String, HostTensor> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, tensor) -> assertSame(name, tensor, actual.get(name)));
    }

    static void assertSame(String name, HostTensor expected, HostTensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), name);
        assertEquals(expected.shape(), actual.shape(), name);
        assertEquals(-1, expected.data().mismatch(actual.data()), name);
    }

    /** Bytes of ISO 8859-1 text, for files that are half text. */
    static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] concat(byte[]... parts) {
        int n = 0;
        for (byte[] part : parts) {
            n += part.length;
        }
        byte[] out = new byte[n];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, out, at, part.length);
            at += part.length;
        }
        return out;
    }
}
