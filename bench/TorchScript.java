package org.reverie.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive, what {@code torch.jit.save} writes and LibTorch loads: a zip of stored files with the
 * module's code as text and its attributes as a pickle. So any operator of LibTorch and any composition of them can be a
 * rival, without Python. The module is called {@code M} and has no weights: tensors come as arguments.
 */
final class TorchScript {
    /** The newest format of PyTorch 2.7, in which no operator is replaced by an older version of itself. */
    private static final String VERSION = "10\n";

    private static final int PROTOCOL = 0x80;
    private static final int NEW_OBJECT = 0x81;
    private static final int FALSE = 0x89;

    private TorchScript() {}

    /** @param methods definitions with {@code self} as first argument, indented by two spaces */
    static byte[] archive(String methods) {
        String code = "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n" + methods;
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("m/version", ascii(VERSION));
        entries.put("m/constants.pkl", new byte[] {(byte) PROTOCOL, 2, ')', '.'});
        entries.put("m/data.pkl", module());
        entries.put("m/code/__torch__.py", ascii(code));
        return zip(entries);
    }

    /** An object of the class with the one attribute {@code training = False}. */
    private static byte[] module() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(PROTOCOL);
        out.write(2);
        out.writeBytes(ascii("c__torch__\nM\n)"));
        out.write(NEW_OBJECT);
        out.writeBytes(ascii("}(X"));
        out.writeBytes(new byte[] {8, 0, 0, 0});
        out.writeBytes(ascii("training"));
        out.write(FALSE);
        out.writeBytes(ascii("ub."));
        return out.toByteArray();
    }

    private static byte[] zip(Map<String, byte[]> entries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                CRC32 crc = new CRC32();
                crc.update(e.getValue());
                ZipEntry entry = new ZipEntry(e.getKey());
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(e.getValue().length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
