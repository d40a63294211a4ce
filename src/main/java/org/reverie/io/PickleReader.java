package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.io.PickleGlobals.Refused;
import org.reverie.io.PickleValue.Global;
import org.reverie.io.PickleValue.Storage;
import org.reverie.io.PickleValue.TensorRef;
import org.reverie.io.PickleValue.Tuple;
import org.reverie.tensor.HostTensor;

/**
 * Runs one pickle (protocols 2 to 5) far enough to read a checkpoint. It can build numbers, text, lists, tuples,
 * dictionaries and references to tensors, and mention the names in {@link PickleGlobals}; there is no opcode here that
 * imports, calls or makes anything else. Work is one pass over the bytes, bounded by {@link #MAX_STEPS}; what it may
 * build is bounded by {@link #MAX_VALUES} and {@link #MAX_STRINGS}. The values may refer to one another in any way; {@link PickleResolver} makes them plain.
 */
final class PickleReader {
    /** Values one pickle may create; a checkpoint of a thousand tensors with its optimizer creates some ten thousands. */
    static final int MAX_VALUES = 1 << 20;

    /** Opcodes one pickle may run; a checkpoint takes about 30 for each tensor. */
    static final int MAX_STEPS = 1 << 22;

    /** Bytes that all strings of one pickle may have together. */
    static final long MAX_STRINGS = 64L << 20;

    private static final ValueLayout.OfDouble BIG_DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int LONGEST_NUMBER = 32;

    private final Source source;
    private final MemorySegment code;
    private final String place;
    private final ArrayList<Object> stack = new ArrayList<>();
    private final ArrayList<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private final Map<String, Storage> storages = new LinkedHashMap<>();
    private long at;
    private int steps;
    private int created;
    private long strings;

    /**
     * @param code the bytes to run
     * @param place put in front of the byte offset in messages; empty when {@code code} is the whole file
     */
    PickleReader(Source source, MemorySegment code, String place, long start) {
        this.source = source;
        this.code = code;
        this.place = place;
        this.at = start;
    }

    /** Where the pickle ended. */
    long end() {
        return at;
    }

    /** The storages that were mentioned, by key. */
    Map<String, Storage> storages() {
        return storages;
    }

    /** Runs to STOP; the one value that is left. */
    Object run() throws FormatException {
        while (true) {
            long start = at;
            try {
                int opcode = u8();
                if (opcode == '.') {
                    Object value = pop();
                    if (!stack.isEmpty() || !marks.isEmpty()) {
                        throw new Refused("the pickle stops with " + stack.size() + " values left over");
                    }
                    return value;
                }
                step(opcode);
                if (++steps > MAX_STEPS || created > MAX_VALUES) {
                    throw new Refused("the pickle takes more than " + MAX_STEPS + " steps or creates more than "
                            + MAX_VALUES + " values");
                }
            } catch (Refused e) {
                throw source.bad((place.isEmpty() ? "" : place + " ") + "byte " + start, e.getMessage());
            }
        }
    }

    private void step(int opcode) throws Refused {
        switch (opcode) {
            case 0x80 -> protocol();
            case 0x95 -> take(8); // FRAME: its length is only a hint for buffering
            case '(' -> marks.add(stack.size());
            case '0' -> pop();
            case '1' -> popToMark();
            case '2' -> stack.add(top()); // DUP
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) u8());
            case 'M' -> push((long) Short.toUnsignedInt(code.get(HostTensor.SHORT, take(2))));
            case 'J' -> push((long) code.get(HostTensor.INT, take(4)));
            case 0x8a -> push(number(u8()));
            case 0x8b -> push(number(u32()));
            case 'G' -> push(code.get(BIG_DOUBLE, take(8)));
            case 'X' -> push(text(u32()));
            case 0x8c -> push(text(u8()));
            case 0x8d -> push(text(code.get(HostTensor.LONG, take(8))));
            case 'U' -> push(text(u8()));
            case 'T' -> push(text(u32()));
            case 'B' -> push(bytes(u32()));
            case 'C' -> push(bytes(u8()));
            case ']' -> push(new ArrayList<>());
            case '}' -> push(new LinkedHashMap<>());
            case ')' -> push(new Tuple(List.of()));
            case 't' -> push(new Tuple(popToMark()));
            case 0x85 -> push(new Tuple(popLast(1)));
            case 0x86 -> push(new Tuple(popLast(2)));
            case 0x87 -> push(new Tuple(popLast(3)));
            case 'l' -> push(popToMark());
            case 'd' -> {
                List<Object> items = popToMark();
                push(new LinkedHashMap<>());
                setItems(items);
            }
            case 'a' -> append(popLast(1));
            case 'e' -> append(popToMark());
            case 's' -> setItems(popLast(2));
            case 'u' -> setItems(popToMark());
            case 'q' -> memo.put((long) u8(), top());
            case 'r' -> memo.put(u32(), top());
            case 0x94 -> memo.put((long) memo.size(), top());
            case 'h' -> stack.add(recall(u8()));
            case 'j' -> stack.add(recall(u32()));
            case 'c' -> push(PickleGlobals.find(line(), line()));
            case 0x93 -> stackGlobal();
            case 'Q' -> push(storage(pop()));
            case 'R' -> reduce();
            case 'b' -> build();
            default ->
                throw new Refused(String.format("opcode 0x%02x is unknown or not allowed in a checkpoint", opcode));
        }
    }

    private void protocol() throws Refused {
        int version = u8();
        if (version < 2 || version > 5) {
            throw new Refused("pickle protocol " + version + " is not one of 2 to 5");
        }
    }

    private void stackGlobal() throws Refused {
        List<Object> names = popLast(2);
        if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
            throw new Refused("a global's module and name must be text");
        }
        push(PickleGlobals.find(module, name));
    }

    private Storage storage(Object id) throws Refused {
        Storage storage = PickleGlobals.storage(id);
        Storage whole =
                new Storage(storage.key(), storage.dtype(), storage.untyped(), storage.total(), 0, storage.total());
        Storage known = storages.putIfAbsent(storage.key(), whole);
        if (known != null && !known.equals(whole)) {
            throw new Refused("storage " + storage.key() + " is described in two ways");
        }
        return storage;
    }

    private void reduce() throws Refused {
        List<Object> parts = popLast(2);
        if (!(parts.get(0) instanceof Global global) || !(parts.get(1) instanceof Tuple arguments)) {
            throw new Refused("only an allowed name can be applied, and only to a tuple");
        }
        Object value = PickleGlobals.apply(global, arguments.items());
        charge(value);
        push(value);
    }

    /** One opcode may build much out of what the memo repeats, so its result counts by its size. */
    private void charge(Object value) throws Refused {
        switch (value) {
            case Map<?, ?> map -> created += map.size();
            case TensorRef tensor -> created += tensor.extents().size();
            case byte[] bytes -> chargeString(bytes.length);
            default -> {}
        }
    }

    /** Attributes that somebody hung on a dictionary, such as a state dict's {@code _metadata}; they are dropped. */
    private void build() throws Refused {
        pop();
        if (!(top() instanceof Map<?, ?>)) {
            throw new Refused("attributes are set on something other than a dictionary");
        }
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) throws Refused {
        if (!(top() instanceof ArrayList<?> list)) {
            throw new Refused("items are appended to something other than a list");
        }
        ((List<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked")
    private void setItems(List<Object> items) throws Refused {
        if (!(top() instanceof Map<?, ?> map)) {
            throw new Refused("items are set on something other than a dictionary");
        }
        if (items.size() % 2 != 0) {
            throw new Refused("a dictionary's last key has no value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            PickleGlobals.put((Map<Object, Object>) map, items.get(i), items.get(i + 1));
        }
    }

    private void push(Object value) {
        created++;
        stack.add(value);
    }

    private Object recall(long index) throws Refused {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw new Refused("memo " + index + " was never set");
        }
        return value;
    }

    private int floor() {
        return marks.isEmpty() ? 0 : marks.getLast();
    }

    private Object top() throws Refused {
        if (stack.size() <= floor()) {
            throw new Refused("the stack is empty");
        }
        return stack.getLast();
    }

    private Object pop() throws Refused {
        top();
        return stack.removeLast();
    }

    /** The last {@code n} values, in the order they were pushed. */
    private List<Object> popLast(int n) throws Refused {
        if (stack.size() - n < floor()) {
            throw new Refused("the stack is empty");
        }
        return cut(stack.size() - n);
    }

    private List<Object> popToMark() throws Refused {
        if (marks.isEmpty()) {
            throw new Refused("there is no mark on the stack");
        }
        return cut(marks.removeLast());
    }

    private List<Object> cut(int from) {
        List<Object> tail = stack.subList(from, stack.size());
        List<Object> items = new ArrayList<>(tail);
        tail.clear();
        return items;
    }

    /** Steps over {@code n} bytes; the offset of the first. */
    private long take(long n) throws Refused {
        if (n < 0 || n > code.byteSize() - at) {
            throw new Refused("the pickle is cut short");
        }
        at += n;
        return at - n;
    }

    private int u8() throws Refused {
        return Byte.toUnsignedInt(code.get(ValueLayout.JAVA_BYTE, take(1)));
    }

    private long u32() throws Refused {
        return Integer.toUnsignedLong(code.get(HostTensor.INT, take(4)));
    }

    private byte[] bytes(long n) throws Refused {
        long from = take(n);
        chargeString(n);
        return code.asSlice(from, n).toArray(ValueLayout.JAVA_BYTE);
    }

    private void chargeString(long n) throws Refused {
        strings += n;
        if (strings > MAX_STRINGS) {
            throw new Refused("the pickle's strings have more than " + MAX_STRINGS + " bytes");
        }
    }

    private String text(long n) throws Refused {
        return decode(bytes(n));
    }

    private String line() throws Refused {
        long from = at;
        while (u8() != '\n') {
            if (at - from > 256) {
                throw new Refused("a global's name is longer than 256 bytes");
            }
        }
        return decode(code.asSlice(from, at - 1 - from).toArray(ValueLayout.JAVA_BYTE));
    }

    private static String decode(byte[] bytes) throws Refused {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Refused("a string is not UTF-8");
        }
    }

    /** A little-endian two's complement number: a Long, or a BigInteger if it must be. */
    private Object number(long n) throws Refused {
        if (n > LONGEST_NUMBER) {
            throw new Refused("a number of " + n + " bytes is too long");
        }
        byte[] bytes = bytes(n);
        for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
            byte b = bytes[i];
            bytes[i] = bytes[j];
            bytes[j] = b;
        }
        BigInteger value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
        return value.bitLength() < 64 ? (Object) value.longValue() : value;
    }
}
