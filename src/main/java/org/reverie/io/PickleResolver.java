package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.io.PickleValue.Storage;
import org.reverie.io.PickleValue.TensorRef;
import org.reverie.io.PickleValue.Tuple;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Turns what a pickle left into plain values: references become tensors, tuples and lists unmodifiable lists,
 * dictionaries unmodifiable maps. A value may be shared; it may not contain itself, nest deeper than
 * {@link #MAX_DEPTH}, or have more than {@link #MAX_NODES} parts when written out, so that whoever walks the result
 * comes to an end.
 */
final class PickleResolver {
    static final int MAX_DEPTH = 100;
    static final long MAX_NODES = 1L << 22;

    /** Finds the bytes of a storage. */
    @FunctionalInterface
    interface Storages {
        /** Exactly {@code storage.total()} elements. */
        MemorySegment bytes(Storage storage) throws FormatException;
    }

    /** A finished container and what it adds to whatever contains it. */
    private record Done(Object value, long nodes, int height) {}

    /** The way from the top of the checkpoint, for messages; a key that is absurdly long is cut. */
    private record Path(Path parent, String key) {
        static Path of(Path parent, Object key) {
            String text = String.valueOf(key);
            return new Path(parent, text.length() > 100 ? text.substring(0, 100) + "…" : text);
        }

        @Override
        public String toString() {
            return parent == null ? "" : parent + "[" + key + "]";
        }
    }

    private static final Done SCALAR = new Done(null, 1, 0);

    private final Source source;
    private final Storages storages;
    private final IdentityHashMap<Object, Done> done = new IdentityHashMap<>();
    private final IdentityHashMap<Object, Boolean> open = new IdentityHashMap<>();

    private PickleResolver(Source source, Storages storages) {
        this.source = source;
        this.storages = storages;
    }

    static Object resolve(Source source, Object value, Storages storages) throws FormatException {
        return new PickleResolver(source, storages)
                .visit(value, new Path(null, ""))
                .value();
    }

    private Done visit(Object value, Path path) throws FormatException {
        Done known = done.get(value);
        if (known != null) {
            return known;
        }
        Done result = switch (value) {
            case TensorRef ref -> new Done(tensor(ref, "tensor " + path), 1, 0);
            case Map<?, ?> map -> container(map, path);
            case List<?> list -> container(list, path);
            case Tuple tuple -> container(tuple, path);
            case Storage storage -> throw source.bad(at(path), "is a bare storage, not a tensor");
            case PickleValue.Global global -> throw source.bad(at(path), "is the bare name " + global.name());
            case null, default -> null;
        };
        if (result == null) {
            return new Done(value, 1, 0);
        }
        done.put(value, result);
        return result;
    }

    private Done container(Object container, Path path) throws FormatException {
        if (open.put(container, true) != null) {
            throw source.bad(at(path), "contains itself");
        }
        if (open.size() > MAX_DEPTH) {
            throw tooDeep(path);
        }
        Map<Object, Object> map = new LinkedHashMap<>();
        List<Object> list = new ArrayList<>();
        long nodes = 1;
        int height = 0;
        int index = 0;
        Iterable<?> items = container instanceof Map<?, ?> m
                ? m.entrySet()
                : container instanceof Tuple t ? t.items() : (List<?>) container;
        for (Object item : items) {
            Object key = item instanceof Map.Entry<?, ?> e ? e.getKey() : (Object) (long) index++;
            Object child = item instanceof Map.Entry<?, ?> e ? e.getValue() : item;
            Done part = SCALAR;
            if (composite(child)) {
                part = visit(child, Path.of(path, key));
                child = part.value();
            }
            nodes += part.nodes();
            height = Math.max(height, 1 + part.height());
            if (nodes > MAX_NODES) {
                throw source.bad(at(path), "has more than " + MAX_NODES + " parts when written out");
            }
            if (open.size() + height > MAX_DEPTH) {
                throw tooDeep(path);
            }
            if (container instanceof Map<?, ?>) {
                map.put(key, child);
            } else {
                list.add(child);
            }
        }
        open.remove(container);
        Object value =
                container instanceof Map<?, ?> ? Collections.unmodifiableMap(map) : Collections.unmodifiableList(list);
        return new Done(value, nodes, height);
    }

    private static boolean composite(Object value) {
        return value instanceof PickleValue || value instanceof Map<?, ?> || value instanceof List<?>;
    }

    private FormatException tooDeep(Path path) {
        return source.bad(at(path), "nests deeper than " + MAX_DEPTH);
    }

    private static String at(Path path) {
        return "value " + path;
    }

    private HostTensor tensor(TensorRef ref, String place) throws FormatException {
        Storage storage = ref.storage();
        DType dtype = ref.dtype();
        Shape shape = Extents.shape(source, place, ref.extents(), dtype);
        long[] strides = ref.strides().stream().mapToLong(Long::longValue).toArray();
        int width = storage.dtype().bytes();
        MemorySegment data = storages.bytes(storage).asSlice(storage.first() * width, storage.count() * width);
        return Strided.tensor(source, place, data, dtype, shape, ref.offset(), strides);
    }
}
