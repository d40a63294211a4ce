package org.reverie.device;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Large allocations on Linux: anonymous mappings that ask for transparent huge pages, which cut the cost of first
 * touching and of walking large matrices. Elsewhere, and for small blocks, the JDK's own allocation.
 */
final class HugePages {
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;

    private static final MethodHandle MMAP = find(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP =
            find("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = find(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    private HugePages() {}

    private static MethodHandle find(String name, FunctionDescriptor type) {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> symbol = linker.defaultLookup().find(name);
        return symbol.map(s -> linker.downcallHandle(s, type)).orElse(null);
    }

    /** {@code bytes} of memory with the given alignment, freed when the arena closes. */
    static MemorySegment allocate(Arena arena, long bytes, long alignment) {
        if (alignment <= 4096 || MMAP == null || MUNMAP == null || MADVISE == null) {
            return arena.allocate(bytes, alignment);
        }
        try {
            long mapped = bytes + alignment;
            MemorySegment raw =
                    (MemorySegment) MMAP.invokeExact(MemorySegment.NULL, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (raw.address() == -1L) {
                throw new OutOfMemoryError("mmap of " + mapped + " bytes failed");
            }
            long start = (raw.address() + alignment - 1) & -alignment;
            MemorySegment aligned = MemorySegment.ofAddress(start);
            int ignored = (int) MADVISE.invokeExact(aligned, bytes, MADV_HUGEPAGE);
            return aligned.reinterpret(bytes, arena, s -> unmap(raw, mapped));
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("calling mmap failed", e);
        }
    }

    private static void unmap(MemorySegment raw, long bytes) {
        try {
            int ignored = (int) MUNMAP.invokeExact(raw, bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("calling munmap failed", e);
        }
    }
}
