package org.reverie.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.tensor.Tensor;

/**
 * Devices beside the CPU, by the kind of their backend, {@code opencl} or {@code cuda}: the first of the kind, or for example
 * {@code -jvmArgsAppend -Dopencl=opencl:1}.
 */
final class Accelerator {
    private Accelerator() {}

    /** Why none can be had, or null if one can. */
    static String missing(String kind) {
        return Devices.providers().stream()
                .filter(p -> p.kind().equals(kind))
                .flatMap(p -> p.list().stream())
                .filter(line -> line.startsWith(kind + "  none"))
                .findFirst()
                .orElse(null);
    }

    /** @param threads for a device that is a CPU */
    static Backend open(String kind, int threads) {
        limit(threads);
        return Devices.open(System.getProperty(kind, kind + ":0"), BackendOptions.DEFAULT);
    }

    /** Tells PoCL how many threads to start, which it reads when it is first asked for its devices. */
    static void limit(int threads) {
        environment("POCL_MAX_PTHREAD_COUNT", Integer.toString(threads));
    }

    /** Waits until the device has computed these; on the CPU they are there already. */
    static void await(Tensor... results) {
        for (Tensor t : results) {
            if (!t.device().name().startsWith("cpu") && t.elements() > 0) {
                try (Arena arena = Arena.ofConfined()) {
                    // The queue is in order: what was enqueued before has come to its end too.
                    long place = t.offset() * t.dtype().bytes();
                    t.device()
                            .download(
                                    t.buffer(), place, arena.allocate(t.dtype().bytes()));
                }
                return;
            }
        }
    }

    /** Sets a variable of this process's environment, which Java itself does not. */
    private static void environment(String name, String value) {
        Linker linker = Linker.nativeLinker();
        MemorySegment setenv = linker.defaultLookup().findOrThrow("setenv");
        FunctionDescriptor type = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
        try (Arena arena = Arena.ofConfined()) {
            int status = (int) linker.downcallHandle(setenv, type)
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
            if (status != 0) {
                throw new IllegalStateException("the variable " + name + " cannot be set");
            }
        } catch (IllegalStateException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
