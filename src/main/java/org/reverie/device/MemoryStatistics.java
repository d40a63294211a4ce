package org.reverie.device;

/**
 * A device's memory at one moment.
 *
 * @param live bytes in buffers that belong to an open scope
 * @param pooled bytes freed by scopes and kept for the next allocation
 * @param peak the largest {@code live} so far
 * @param allocations how often memory was taken from the operating system or driver; constant in a steady loop
 */
public record MemoryStatistics(long live, long pooled, long peak, long allocations) {}
