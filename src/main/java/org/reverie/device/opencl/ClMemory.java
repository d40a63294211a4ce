package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jocl.CLException;
import org.jocl.cl_context;
import org.jocl.cl_mem;
import org.reverie.device.MemoryStatistics;
import org.reverie.device.SizeClass;

/**
 * A pool of device buffers in size classes. The queue is in order, so a buffer that is freed may be handed out again at once:
 * what still reads it was enqueued before whatever will write it.
 */
final class ClMemory {
    private final cl_context context;
    private final long budget;
    private final Map<Long, ArrayDeque<cl_mem>> free = new HashMap<>();
    private final Set<ClBuffer> owners = Collections.newSetFromMap(new IdentityHashMap<>());
    private long live;
    private long pooled;
    private long peak;
    private long allocations;

    /** @param budget bytes that may be taken from the driver in all */
    ClMemory(cl_context context, long budget) {
        this.context = context;
        this.budget = budget;
    }

    synchronized ClBuffer take(OpenClBackend device, long bytes) {
        long size = SizeClass.of(bytes);
        ArrayDeque<cl_mem> list = free.get(size);
        cl_mem memory;
        if (list != null && !list.isEmpty()) {
            pooled -= size;
            memory = list.pop();
        } else {
            memory = allocate(size);
            if (memory == null) {
                long before = pooled;
                trim();
                memory = allocate(size);
                if (memory == null) {
                    throw new OutOfMemoryError(refusal(device, bytes, before));
                }
            }
            allocations++;
        }
        live += size;
        peak = Math.max(peak, live);
        ClBuffer buffer = new ClBuffer(device, bytes, this, memory);
        owners.add(buffer);
        return buffer;
    }

    /** Null if there is not enough memory. */
    private cl_mem allocate(long size) {
        if (live + pooled + size > budget) {
            return null;
        }
        try {
            return clCreateBuffer(context, CL_MEM_READ_WRITE, size, null, null);
        } catch (CLException e) {
            switch (e.getStatus()) {
                case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_INVALID_BUFFER_SIZE -> {
                    return null;
                }
                default -> throw e;
            }
        }
    }

    synchronized void give(ClBuffer buffer) {
        long size = SizeClass.of(buffer.bytes());
        owners.remove(buffer);
        live -= size;
        pooled += size;
        free.computeIfAbsent(size, s -> new ArrayDeque<>()).push(buffer.memory());
    }

    /** Returns all pooled buffers to the driver. */
    synchronized void trim() {
        free.values().forEach(list -> list.forEach(m -> clReleaseMemObject(m)));
        free.clear();
        pooled = 0;
    }

    synchronized MemoryStatistics statistics() {
        return new MemoryStatistics(live, pooled, peak, allocations);
    }

    private String refusal(OpenClBackend device, long bytes, long returned) {
        Map<String, long[]> byOrigin = new HashMap<>();
        for (ClBuffer b : owners) {
            long[] sum = byOrigin.computeIfAbsent(b.origin(), o -> new long[2]);
            sum[0] += SizeClass.of(b.bytes());
            sum[1]++;
        }
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "no memory on %s for a tensor of %,d bytes: %,d bytes are in use, %,d pooled bytes were given back"
                        + " first",
                device.name(),
                bytes,
                live,
                returned));
        byOrigin.entrySet().stream()
                .sorted((a, b) -> Long.compare(b.getValue()[0], a.getValue()[0]))
                .limit(10)
                .forEach(e -> text.append(String.format(
                        Locale.ROOT, "; %s: %,d bytes in %,d", e.getKey(), e.getValue()[0], e.getValue()[1])));
        return text.toString();
    }
}
