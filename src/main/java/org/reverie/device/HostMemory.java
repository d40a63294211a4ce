package org.reverie.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * A pool of aligned off-heap blocks in size classes (four to an octave). Freed blocks wait in their class for the next
 * allocation, so a steady loop takes nothing from the operating system. Blocks of 4 MiB and more are aligned for huge
 * pages. Safe for use from several threads.
 */
final class HostMemory {
    private static final long HUGE_PAGE = 2L << 20;

    record Block(MemorySegment segment, Arena arena) {}

    private final Map<Long, ArrayDeque<Block>> free = new HashMap<>();
    private long live;
    private long pooled;
    private long peak;
    private long allocations;

    synchronized Block take(long bytes) {
        long size = SizeClass.of(bytes);
        live += size;
        peak = Math.max(peak, live);
        ArrayDeque<Block> list = free.get(size);
        if (list != null && !list.isEmpty()) {
            pooled -= size;
            return list.pop();
        }
        allocations++;
        try {
            return allocate(size);
        } catch (OutOfMemoryError e) {
            long before = pooled;
            trim();
            try {
                return allocate(size);
            } catch (OutOfMemoryError again) {
                live -= size;
                throw new OutOfMemoryError("no host memory for a tensor of " + bytes + " bytes: " + live
                        + " bytes are in use, " + before + " pooled bytes were given back first");
            }
        }
    }

    private static Block allocate(long size) {
        Arena arena = Arena.ofShared();
        return new Block(
                HugePages.allocate(arena, size, size >= 2 * HUGE_PAGE ? HUGE_PAGE : SizeClass.SMALLEST), arena);
    }

    synchronized void give(Block block, long bytes) {
        long size = SizeClass.of(bytes);
        live -= size;
        pooled += size;
        free.computeIfAbsent(size, s -> new ArrayDeque<>()).push(block);
    }

    /** Returns all pooled blocks to the operating system. */
    synchronized void trim() {
        for (ArrayDeque<Block> list : free.values()) {
            list.forEach(b -> b.arena().close());
        }
        free.clear();
        pooled = 0;
    }

    synchronized MemoryStatistics statistics() {
        return new MemoryStatistics(live, pooled, peak, allocations);
    }
}
