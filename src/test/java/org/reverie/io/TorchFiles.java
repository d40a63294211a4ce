package org.reverie.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;

/**
 * Writes checkpoints as {@code torch.save} does, in both forms, so that tests can have files of any layout. A value is a
 * map (written as a dict, or an OrderedDict if it is a {@link Ordered}), a list, text, a number, a HostTensor or a
 * {@link View}.
 */
public final class TorchFiles {
    /** A tensor that is a strided view of another's storage. */
    public record View(HostTensor storage, long offset, int[] shape, int[] strides, boolean parameter) {}

    /** A map to be written as an OrderedDict with a {@code _metadata} attribute, as {@code Module.state_dict} gives it. */
    public static final class Ordered extends LinkedHashMap<String, Object> {
        private static final long serialVersionUID = 1L;

        public Ordered(Map<String, ?> map) {
            super(map);
        }
    }

    private TorchFiles() {}

    /** The older form, as a file. */
    public static void writeStream(Path file, Object value) throws IOException {
        AtomicFile.writeBytes(file, stream(value));
    }

    /** The newer form, as a file. */
    public static void writeZip(Path file, Object value) throws IOException {
        AtomicFile.writeBytes(file, zip(value, false));
    }

    public static byte[] stream(Object value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new Pickler(true).pickle(new BigInteger("1950a86a20f9469cfc6c", 16)));
        out.writeBytes(new Pickler(true).pickle(1001L));
        Map<String, Object> system = new LinkedHashMap<>();
        system.put("protocol_version", 1001L);
        system.put("little_endian", true);
        system.put("type_sizes", Map.of("int", 4L));
        out.writeBytes(new Pickler(true).pickle(system));
        Pickler object = new Pickler(true);
        out.writeBytes(object.pickle(value));
        out.writeBytes(new Pickler(true).pickle(new ArrayList<Object>(object.storages.keySet())));
        for (HostTensor storage : object.storages.values()) {
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(storage.shape().elements())
                    .array());
            out.writeBytes(bytes(storage));
        }
        return out.toByteArray();
    }

    public static byte[] zip(Object value, boolean deflate) {
        Pickler object = new Pickler(false);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("archive/data.pkl", object.pickle(value));
        entries.put("archive/.format_version", ascii("1"));
        entries.put("archive/byteorder", ascii("little"));
        object.storages.forEach((key, storage) -> entries.put("archive/data/" + key, bytes(storage)));
        entries.put("archive/version", ascii("3\n"));
        return zipOf(entries, deflate);
    }

    /** A zip of the given entries. */
    public static byte[] zipOf(Map<String, byte[]> entries, boolean deflate) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(e.getKey());
                entry.setTimeLocal(LocalDateTime.of(1980, 2, 1, 0, 0));
                if (!deflate) {
                    CRC32 crc = new CRC32();
                    crc.update(e.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(e.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] bytes(HostTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    /** Protocol 2, with the memo used for repeated text as Python does. */
    private static final class Pickler {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final Map<String, Integer> memo = new LinkedHashMap<>();
        private final boolean stream;
        final Map<String, HostTensor> storages = new LinkedHashMap<>();

        Pickler(boolean stream) {
            this.stream = stream;
        }

        byte[] pickle(Object value) {
            out.write(0x80);
            out.write(2);
            value(value);
            out.write('.');
            return out.toByteArray();
        }

        private void value(Object value) {
            switch (value) {
                case null -> out.write('N');
                case Boolean b -> out.write(b ? 0x88 : 0x89);
                case Integer i -> number(i);
                case Long n -> number(n);
                case BigInteger n -> big(n);
                case Double d ->
                    out.writeBytes(
                            ByteBuffer.allocate(9).put((byte) 'G').putDouble(d).array());
                case String s -> text(s);
                case HostTensor t ->
                    tensor(new View(t, 0, t.shape().toArray(), toInts(t.shape().strides()), false));
                case View v -> tensor(v);
                case Map<?, ?> map -> map(map);
                case List<?> list -> list(list);
                default -> throw new IllegalArgumentException("no pickle for " + value);
            }
        }

        private void map(Map<?, ?> map) {
            if (map instanceof Ordered) {
                global("collections", "OrderedDict");
                out.writeBytes(ascii(")R"));
            } else {
                out.write('}');
            }
            out.write('(');
            map.forEach((key, item) -> {
                value(key);
                value(item);
            });
            out.write('u');
            if (map instanceof Ordered) {
                out.writeBytes(ascii("}("));
                text("_metadata");
                out.writeBytes(ascii("}ub"));
            }
        }

        private void list(List<?> list) {
            out.writeBytes(ascii("]("));
            list.forEach(this::value);
            out.write('e');
        }

        private void tensor(View view) {
            if (view.parameter()) {
                global("torch._utils", "_rebuild_parameter");
                out.write('(');
                tensor(new View(view.storage(), view.offset(), view.shape(), view.strides(), false));
                out.write(0x88);
                emptyDict();
                out.writeBytes(ascii("tR"));
                return;
            }
            global("torch._utils", "_rebuild_tensor_v2");
            out.writeBytes(ascii("(("));
            text("storage");
            global("torch", storageName(view.storage().dtype()));
            text(key(view.storage()));
            text("cpu");
            number(view.storage().shape().elements());
            if (stream) {
                out.write('N');
            }
            out.writeBytes(ascii("tQ"));
            number(view.offset());
            tuple(view.shape());
            tuple(view.strides());
            out.write(0x89);
            emptyDict();
            out.writeBytes(ascii("tR"));
        }

        private void emptyDict() {
            global("collections", "OrderedDict");
            out.writeBytes(ascii(")R"));
        }

        private String key(HostTensor storage) {
            for (Map.Entry<String, HostTensor> e : storages.entrySet()) {
                if (e.getValue() == storage) {
                    return e.getKey();
                }
            }
            String key = Integer.toString(storages.size());
            storages.put(key, storage);
            return key;
        }

        private void tuple(int[] numbers) {
            out.write('(');
            for (int n : numbers) {
                number(n);
            }
            out.write('t');
        }

        private void number(long n) {
            if (n >= 0 && n < 256) {
                out.write('K');
                out.write((int) n);
            } else if (n == (int) n) {
                out.writeBytes(ByteBuffer.allocate(5)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 'J')
                        .putInt((int) n)
                        .array());
            } else {
                big(BigInteger.valueOf(n));
            }
        }

        private void big(BigInteger n) {
            byte[] bytes = n.toByteArray();
            out.write(0x8a);
            out.write(bytes.length);
            for (int i = bytes.length - 1; i >= 0; i--) {
                out.write(bytes[i]);
            }
        }

        private void text(String s) {
            if (memo.containsKey(s)) {
                out.writeBytes(ByteBuffer.allocate(5)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 'j')
                        .putInt(memo.get(s))
                        .array());
                return;
            }
            byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
            memo.put(s, memo.size());
            out.writeBytes(ByteBuffer.allocate(10 + utf8.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) 'X')
                    .putInt(utf8.length)
                    .put(utf8)
                    .put((byte) 'r')
                    .putInt(memo.get(s))
                    .array());
        }

        private void global(String module, String name) {
            out.writeBytes(ascii("c" + module + "\n" + name + "\n"));
        }

        private static String storageName(DType dtype) {
            return switch (dtype) {
                case F32 -> "FloatStorage";
                case F16 -> "HalfStorage";
                case BF16 -> "BFloat16Storage";
                case F64 -> "DoubleStorage";
                case I32 -> "IntStorage";
                case I64 -> "LongStorage";
                case U8 -> "ByteStorage";
            };
        }

        private static int[] toInts(long[] values) {
            int[] out = new int[values.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = Math.toIntExact(values[i]);
            }
            return out;
        }
    }
}
