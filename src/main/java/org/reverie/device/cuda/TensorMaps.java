package org.reverie.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/**
 * Tensor maps for launches. A map tells of an address and a layout and not of what lies there, so it is good as long as the
 * driver is: each is encoded once, and kept until too many others have been used since.
 */
final class TensorMaps implements AutoCloseable {
    private static final int BYTES = 128;
    private static final int ALIGNMENT = 64;
    private static final int FLOAT16 = 6;
    private static final int BFLOAT16 = 9;

    /** What the driver makes a map of, all of it as numbers. */
    private record Key(long[] numbers) {
        @Override
        public boolean equals(Object o) {
            return o instanceof Key k && Arrays.equals(numbers, k.numbers);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(numbers);
        }
    }

    private final CudaContext context;
    private final int most;
    private final Arena arena = Arena.ofShared();
    private final Map<Key, MemorySegment> maps = new LinkedHashMap<>(16, 0.75f, true);

    /** @param most maps to keep: as many as one launch takes, at least */
    TensorMaps(CudaContext context, int most) {
        this.context = context;
        this.most = most;
    }

    /**
     * A map of axes from the innermost on. It may be overwritten when other maps are asked for: a launch copies it.
     *
     * @param t tells the dtype and the address
     * @param strides in elements, from the second axis on
     */
    MemorySegment of(Tensor t, long[] extents, long[] strides, int... box) {
        int type = t.dtype() == DType.BF16 ? BFLOAT16 : FLOAT16;
        long[] bytes = new long[strides.length];
        for (int a = 0; a < bytes.length; a++) {
            bytes[a] = strides[a] * t.dtype().bytes();
        }
        Key key = key(type, CudaLaunch.address(t), extents, bytes, box);
        MemorySegment map = maps.get(key);
        if (map == null) {
            map = maps.size() < most ? arena.allocate(BYTES, ALIGNMENT) : dropOldest();
            MemorySegment room = map;
            context.run(() -> context.driver().encodeMap(room, type, CudaLaunch.address(t), extents, bytes, box));
            maps.put(key, map);
        }
        return map;
    }

    private MemorySegment dropOldest() {
        return maps.remove(maps.keySet().iterator().next());
    }

    private static Key key(int type, long address, long[] extents, long[] strides, int[] box) {
        long[] numbers = new long[2 + 3 * extents.length - 1];
        int n = 0;
        numbers[n++] = type;
        numbers[n++] = address;
        for (long e : extents) {
            numbers[n++] = e;
        }
        for (long s : strides) {
            numbers[n++] = s;
        }
        for (int b : box) {
            numbers[n++] = b;
        }
        return new Key(numbers);
    }

    @Override
    public void close() {
        arena.close();
    }
}
