package org.reverie.device.kernels;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.reverie.device.MemoryStatistics;
import org.reverie.device.SizeClass;
import org.reverie.tensor.Device;

/**
 * A pool of device memory in size classes. The queue is in order, so memory that is freed may be handed out again at once:
 * what still reads it was enqueued before whatever will write it.
 *
 * @param <M> how the driver calls memory
 */
public final class DeviceMemory<M> {
    /** The driver's part. */
    public interface Driver<M> {
        /** Null if there is not enough memory. */
        M allocate(long bytes);

        void free(M memory);
    }

    /**
     * Where freed memory waits for the next tensor: one shelf for all, and one for each recording, whose memory nobody else
     * may have between its replays.
     */
    static final class Shelf<M> {
        private final Map<Long, ArrayDeque<M>> free = new HashMap<>();
        private boolean closed;

        private M pop(long size) {
            ArrayDeque<M> list = free.get(size);
            return list == null ? null : list.poll();
        }

        private void push(long size, M memory) {
            free.computeIfAbsent(size, s -> new ArrayDeque<>()).push(memory);
        }
    }

    private final Driver<M> driver;
    private final long budget;
    private final LongUnaryOperator sizes;
    private final Shelf<M> common = new Shelf<>();
    private Shelf<M> shelf = common;
    private final Set<DeviceBuffer<M>> owners = Collections.newSetFromMap(new IdentityHashMap<>());
    private long live;
    private long pooled;
    private long peak;
    private long allocations;

    /** @param budget bytes that may be taken from the driver in all */
    public DeviceMemory(Driver<M> driver, long budget) {
        this(driver, budget, SizeClass::of);
    }

    /** @param sizes how many bytes are asked for to hold so many; memory of the same size is handed out again */
    public DeviceMemory(Driver<M> driver, long budget, LongUnaryOperator sizes) {
        this.driver = driver;
        this.budget = budget;
        this.sizes = sizes;
    }

    /** @throws OutOfMemoryError naming the largest owners, if what the pool holds was given back and there is still no room */
    synchronized DeviceBuffer<M> take(Device device, long bytes) {
        long size = sizes.applyAsLong(bytes);
        M memory = shelf == common ? null : shelf.pop(size);
        if (memory == null) {
            memory = common.pop(size);
            if (memory != null) {
                pooled -= size;
            } else {
                memory = allocateOrTrim(device, bytes, size);
                allocations++;
            }
            live += size;
            peak = Math.max(peak, live);
        }
        DeviceBuffer<M> buffer = new DeviceBuffer<>(device, bytes, this, shelf, memory);
        owners.add(buffer);
        return buffer;
    }

    private M allocateOrTrim(Device device, long bytes, long size) {
        M memory = allocate(size);
        if (memory == null) {
            long returned = 0;
            if (shelf == common) { // the driver cannot free anything while a recording is made
                returned = trim();
                memory = allocate(size);
            }
            if (memory == null) {
                throw new OutOfMemoryError(String.format(
                        Locale.ROOT,
                        "no memory on %s for a tensor of %,d bytes: %s",
                        device.name(),
                        bytes,
                        use(returned)));
            }
        }
        return memory;
    }

    private M allocate(long size) {
        return live + pooled + size > budget ? null : driver.allocate(size);
    }

    /** Memory that no tensor will have, and no statistics count. */
    DeviceBuffer<M> aside(Device device, long bytes) {
        M memory = driver.allocate(bytes);
        if (memory == null) {
            throw new OutOfMemoryError("the device has no memory left, not even " + bytes + " bytes");
        }
        return new DeviceBuffer<>(device, bytes, null, null, memory);
    }

    void free(DeviceBuffer<M> aside) {
        driver.free(aside.memory());
    }

    synchronized void give(DeviceBuffer<M> buffer) {
        long size = sizes.applyAsLong(buffer.bytes());
        owners.remove(buffer);
        Shelf<M> home = buffer.shelf();
        if (home != common && !home.closed) {
            home.push(size, buffer.memory());
            return;
        }
        live -= size;
        pooled += size;
        common.push(size, buffer.memory());
    }

    /** From now on tensors get memory that only this shelf's have, until {@link #shareAgain}. It counts as live. */
    synchronized Shelf<M> reserve() {
        shelf = new Shelf<>();
        return shelf;
    }

    synchronized void shareAgain() {
        shelf = common;
    }

    /** The memory of a shelf is everybody's again. */
    synchronized void close(Shelf<M> reserved) {
        reserved.closed = true;
        reserved.free.forEach((size, list) -> list.forEach(memory -> {
            live -= size;
            pooled += size;
            common.push(size, memory);
        }));
        reserved.free.clear();
    }

    /** Returns all pooled memory to the driver; how many bytes that are. */
    public synchronized long trim() {
        long returned = pooled;
        common.free.values().forEach(list -> list.forEach(driver::free));
        common.free.clear();
        pooled = 0;
        return returned;
    }

    synchronized MemoryStatistics statistics() {
        return new MemoryStatistics(live, pooled, peak, allocations);
    }

    /**
     * How much memory is in use, and by whom.
     *
     * @param returned bytes that were given back before this was asked
     */
    public synchronized String use(long returned) {
        Map<String, long[]> byOrigin = new HashMap<>();
        for (DeviceBuffer<M> b : owners) {
            long[] sum = byOrigin.computeIfAbsent(b.origin(), o -> new long[2]);
            sum[0] += sizes.applyAsLong(b.bytes());
            sum[1]++;
        }
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT, "%,d bytes are in use, %,d pooled bytes were given back first", live, returned));
        byOrigin.entrySet().stream()
                .sorted((a, b) -> Long.compare(b.getValue()[0], a.getValue()[0]))
                .limit(10)
                .forEach(e -> text.append(String.format(
                        Locale.ROOT, "; %s: %,d bytes in %,d", e.getKey(), e.getValue()[0], e.getValue()[1])));
        return text.toString();
    }
}
