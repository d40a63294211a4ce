package org.reverie.io;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.io.PickleValue.Global;
import org.reverie.io.PickleValue.Kind;
import org.reverie.io.PickleValue.Storage;
import org.reverie.io.PickleValue.TensorRef;
import org.reverie.io.PickleValue.Tuple;
import org.reverie.tensor.DType;

/**
 * The only names a pickle may mention, and what applying them means. Nothing is looked up anywhere else and nothing is
 * called: each name stands for a few lines in this file.
 */
final class PickleGlobals {
    /**
     * Keys of two classes with one hash make a hash table slow, and a hostile file can choose them; text alone cannot
     * do that, since the table keeps colliding strings sorted.
     */
    private static final int MOST_NUMBERED = 1 << 14;

    private static final Map<String, Global> ALLOWED = new HashMap<>();

    static {
        allow("collections.OrderedDict", Kind.ORDERED_DICT, null);
        allow("torch.Size", Kind.SIZE, null);
        allow("_codecs.encode", Kind.ENCODE, null); // how protocol 2 writes bytes
        allow("torch._utils._rebuild_tensor", Kind.REBUILD_TENSOR, null);
        allow("torch._utils._rebuild_tensor_v2", Kind.REBUILD_TENSOR_V2, null);
        allow("torch._utils._rebuild_tensor_v3", Kind.REBUILD_TENSOR_V3, null);
        allow("torch._utils._rebuild_parameter", Kind.REBUILD_PARAMETER, null);
        allow("torch.FloatStorage", Kind.STORAGE, DType.F32);
        allow("torch.HalfStorage", Kind.STORAGE, DType.F16);
        allow("torch.BFloat16Storage", Kind.STORAGE, DType.BF16);
        allow("torch.DoubleStorage", Kind.STORAGE, DType.F64);
        allow("torch.IntStorage", Kind.STORAGE, DType.I32);
        allow("torch.LongStorage", Kind.STORAGE, DType.I64);
        allow("torch.ByteStorage", Kind.STORAGE, DType.U8);
        allow("torch.BoolStorage", Kind.STORAGE, DType.U8);
        allow("torch.UntypedStorage", Kind.UNTYPED_STORAGE, DType.U8);
        allow("torch.storage.UntypedStorage", Kind.UNTYPED_STORAGE, DType.U8);
        allow("torch.float32", Kind.DTYPE, DType.F32);
        allow("torch.float16", Kind.DTYPE, DType.F16);
        allow("torch.bfloat16", Kind.DTYPE, DType.BF16);
        allow("torch.float64", Kind.DTYPE, DType.F64);
        allow("torch.int32", Kind.DTYPE, DType.I32);
        allow("torch.int64", Kind.DTYPE, DType.I64);
        allow("torch.uint8", Kind.DTYPE, DType.U8);
        allow("torch.bool", Kind.DTYPE, DType.U8);
    }

    private PickleGlobals() {}

    private static void allow(String name, Kind kind, DType dtype) {
        ALLOWED.put(name, new Global(name, kind, dtype));
    }

    /** The rule a pickle breaks. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String rule) {
            super(rule, null, false, false);
        }
    }

    static Global find(String module, String name) throws Refused {
        Global global = ALLOWED.get(module + "." + name);
        if (global == null) {
            throw new Refused("the name " + module + "." + name + " is not one a checkpoint may use here");
        }
        return global;
    }

    /** What {@code global(*arguments)} stands for. */
    static Object apply(Global global, List<Object> arguments) throws Refused {
        return switch (global.kind()) {
            case ORDERED_DICT -> orderedDict(global, arguments);
            case SIZE -> new Tuple(items(argument(global, arguments, 0)));
            case ENCODE -> latin1(global, arguments);
            case REBUILD_TENSOR -> tensor(global, arguments, 4, 4);
            case REBUILD_TENSOR_V2 -> tensor(global, arguments, 6, 7);
            case REBUILD_TENSOR_V3 -> tensor(global, arguments, 7, 8);
            case REBUILD_PARAMETER -> {
                if (argument(global, arguments, 0) instanceof TensorRef tensor) {
                    yield tensor;
                }
                throw new Refused(global.name() + " is given something other than a tensor");
            }
            case STORAGE, UNTYPED_STORAGE, DTYPE -> throw new Refused(global.name() + " cannot be applied");
        };
    }

    private static byte[] latin1(Global global, List<Object> arguments) throws Refused {
        if (arguments.size() != 2
                || !(arguments.get(0) instanceof String text)
                || !"latin1".equals(arguments.get(1))
                || text.chars().anyMatch(c -> c > 0xff)) {
            throw new Refused(global.name() + " is not given Latin-1 text");
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Map<Object, Object> orderedDict(Global global, List<Object> arguments) throws Refused {
        Map<Object, Object> map = new LinkedHashMap<>();
        if (!arguments.isEmpty()) {
            for (Object pair : items(argument(global, arguments, 0))) {
                List<Object> keyAndValue = items(pair);
                if (keyAndValue.size() != 2) {
                    throw new Refused(global.name() + " is given an item that is not a pair");
                }
                put(map, keyAndValue.get(0), keyAndValue.get(1));
            }
        }
        return map;
    }

    /** Adds to a dictionary; a key must be text or a number and may not occur twice. */
    static void put(Map<Object, Object> map, Object key, Object value) throws Refused {
        boolean scalar = key instanceof String || key instanceof Long || key instanceof Boolean;
        if (!scalar) {
            throw new Refused("a dictionary's key is neither text nor a whole number");
        }
        if (!(key instanceof String) && map.size() >= MOST_NUMBERED) {
            throw new Refused("a dictionary of more than " + MOST_NUMBERED + " entries has keys that are not text");
        }
        if (map.containsKey(key)) {
            throw new Refused("the key \"" + key + "\" occurs twice in a dictionary");
        }
        map.put(key, value);
    }

    /** {@code (storage, offset, size, stride[, requires_grad, hooks[, dtype][, metadata]])}. */
    private static TensorRef tensor(Global global, List<Object> arguments, int least, int most) throws Refused {
        if (arguments.size() < least || arguments.size() > most) {
            throw new Refused(global.name() + " is given " + arguments.size() + " arguments");
        }
        if (!(arguments.get(0) instanceof Storage storage) || !(arguments.get(1) instanceof Long offset)) {
            throw new Refused(global.name() + " is not given a storage and an offset");
        }
        DType dtype = storage.dtype();
        if (global.kind() == Kind.REBUILD_TENSOR_V3) {
            if (!(arguments.get(6) instanceof Global type) || type.kind() != Kind.DTYPE) {
                throw new Refused(global.name() + " is not given a dtype");
            }
            dtype = type.dtype();
        }
        if (dtype != storage.dtype() && !storage.untyped()) {
            throw new Refused("a tensor of " + dtype + " lies in a storage of " + storage.dtype());
        }
        return new TensorRef(storage, dtype, offset, numbers(arguments.get(2)), numbers(arguments.get(3)));
    }

    /** {@code ("storage", type, key, location, count[, view])}, the only kind of persistent id a checkpoint has. */
    static Storage storage(Object id) throws Refused {
        List<Object> parts = id instanceof Tuple tuple ? tuple.items() : List.of();
        boolean shaped = (parts.size() == 5 || parts.size() == 6) && "storage".equals(parts.get(0));
        if (!shaped
                || !(parts.get(1) instanceof Global type)
                || (type.kind() != Kind.STORAGE && type.kind() != Kind.UNTYPED_STORAGE)
                || !(parts.get(2) instanceof String key)
                || !(parts.get(4) instanceof Long total)) {
            throw new Refused("a persistent id is not (\"storage\", type, key, location, count)");
        }
        if (total < 0 || total > Long.MAX_VALUE / 8) {
            throw new Refused("storage " + key + " states " + total + " elements");
        }
        boolean untyped = type.kind() == Kind.UNTYPED_STORAGE;
        if (parts.size() == 5 || parts.get(5) == null) {
            return new Storage(key, type.dtype(), untyped, total, 0, total);
        }
        List<Object> view = items(parts.get(5));
        if (view.size() != 3
                || !(view.get(1) instanceof Long first)
                || !(view.get(2) instanceof Long count)
                || first < 0
                || count < 0
                || first > total
                || count > total - first) {
            throw new Refused("a view of storage " + key + " does not lie inside it");
        }
        return new Storage(key, type.dtype(), untyped, total, first, count);
    }

    private static Object argument(Global global, List<Object> arguments, int i) throws Refused {
        if (i >= arguments.size()) {
            throw new Refused(global.name() + " is given " + arguments.size() + " arguments");
        }
        return arguments.get(i);
    }

    @SuppressWarnings("unchecked")
    private static List<Object> items(Object value) throws Refused {
        return switch (value) {
            case Tuple tuple -> tuple.items();
            case List<?> list -> (List<Object>) list;
            case null, default -> throw new Refused("expected a tuple or a list");
        };
    }

    private static List<Long> numbers(Object value) throws Refused {
        List<Object> items = items(value);
        if (items.size() > Extents.MAX_RANK) {
            throw new Refused("a tensor has " + items.size() + " axes; at most " + Extents.MAX_RANK + " are allowed");
        }
        List<Long> numbers = new ArrayList<>();
        for (Object item : items) {
            if (!(item instanceof Long number)) {
                throw new Refused("a tensor's extents and strides must be whole numbers");
            }
            numbers.add(number);
        }
        return numbers;
    }
}
