package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.reverie.io.PickleValue.Storage;
import org.reverie.tensor.HostTensor;

/**
 * The older form of {@code torch.save}: five pickles (a magic number, the protocol 1001, facts about the machine, the
 * object, the list of storage keys), then for each key its element count as 8 bytes little-endian and its elements.
 */
final class PyTorchStream {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final Source source;
    private long at;

    private PyTorchStream(Source source) {
        this.source = source;
    }

    /** Whether the file begins with a pickle of protocol 2 or later that starts with the magic number. */
    static boolean begins(Source source) {
        byte[] front = {(byte) 0x80, 0, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9, 0x20};
        if (source.size() < front.length) {
            return false;
        }
        for (int i = 0; i < front.length; i++) {
            byte b = source.data().get(ValueLayout.JAVA_BYTE, i);
            if (i != 1 && b != front[i]) {
                return false;
            }
        }
        return true;
    }

    static Object read(Source source) throws FormatException {
        return new PyTorchStream(source).read();
    }

    private Object read() throws FormatException {
        if (!MAGIC.equals(run())) {
            throw source.badAt(0, "is not a PyTorch checkpoint: the magic number is missing");
        }
        long start = at;
        if (!Long.valueOf(PROTOCOL).equals(run())) {
            throw source.badAt(start, "the protocol is not " + PROTOCOL);
        }
        start = at;
        if (!(run() instanceof Map<?, ?> system) || !Boolean.TRUE.equals(system.get("little_endian"))) {
            throw source.badAt(start, "the file was not written on a little-endian machine");
        }
        PickleReader object = pickle();
        Object value = object.run();
        at = object.end();
        Map<String, MemorySegment> loaded = storages(object.storages());
        return PickleResolver.resolve(source, value, storage -> {
            MemorySegment bytes = loaded.get(storage.key());
            if (bytes == null) {
                throw source.bad("storage " + storage.key(), "is used by the pickle and is not in the file");
            }
            return bytes;
        });
    }

    private Map<String, MemorySegment> storages(Map<String, Storage> known) throws FormatException {
        long start = at;
        if (!(run() instanceof List<?> keys)) {
            throw source.badAt(start, "the storage keys are not a list");
        }
        Map<String, MemorySegment> loaded = new HashMap<>();
        for (Object key : keys) {
            Storage storage = key instanceof String name ? known.get(name) : null;
            if (storage == null || loaded.containsKey(storage.key())) {
                throw source.badAt(at, "the next storage's key is unknown or occurs twice");
            }
            String place = "storage " + storage.key() + " at byte " + at;
            if (!source.holds(at, 8)) {
                throw source.bad(place, "the file is cut short");
            }
            long count = source.data().get(HostTensor.LONG, at);
            if (count != storage.total()) {
                throw source.bad(place, "has " + count + " elements, but the pickle says " + storage.total());
            }
            long bytes = count * storage.dtype().bytes();
            if (!source.holds(at + 8, bytes)) {
                throw source.bad(place, "the file is cut short: " + bytes + " bytes were to follow");
            }
            loaded.put(storage.key(), source.data().asSlice(at + 8, bytes));
            at += 8 + bytes;
        }
        return loaded;
    }

    private PickleReader pickle() {
        return new PickleReader(source, source.data(), "", at);
    }

    private Object run() throws FormatException {
        PickleReader pickle = pickle();
        Object value = pickle.run();
        at = pickle.end();
        return value;
    }
}
