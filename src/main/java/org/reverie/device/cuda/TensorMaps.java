package org.reverie.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** Tensor maps for launches, written again for each of them: the driver copies a launch's parameters. */
final class TensorMaps implements AutoCloseable {
    private static final int BYTES = 128;
    private static final int ALIGNMENT = 64;
    private static final int FLOAT16 = 6;
    private static final int BFLOAT16 = 9;

    private final CudaContext context;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] maps;

    TensorMaps(CudaContext context, int count) {
        this.context = context;
        maps = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
            maps[i] = arena.allocate(BYTES, ALIGNMENT);
        }
    }

    /**
     * Map number i, of axes from the innermost on.
     *
     * @param t tells the dtype and the address
     * @param strides in elements, from the second axis on
     */
    MemorySegment encode(int i, Tensor t, long[] extents, long[] strides, int... box) {
        long[] bytes = new long[strides.length];
        for (int a = 0; a < bytes.length; a++) {
            bytes[a] = strides[a] * t.dtype().bytes();
        }
        int type = t.dtype() == DType.BF16 ? BFLOAT16 : FLOAT16;
        context.run(() -> context.driver().encodeMap(maps[i], type, CudaLaunch.address(t), extents, bytes, box));
        return maps[i];
    }

    @Override
    public void close() {
        arena.close();
    }
}
