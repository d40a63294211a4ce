package org.reverie.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.reverie.device.spec.AdamWSpec;

/**
 * LibTorch's updates of whole lists of tensors in place, called by their C++ symbols: TorchScript takes such an operator for
 * one without effect and leaves it out. A tensor is a pointer there, a list a pointer and a length.
 */
final class TorchUpdates implements AutoCloseable {
    private static final StructLayout LIST = MemoryLayout.structLayout(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfDouble REAL = ValueLayout.JAVA_DOUBLE;
    private static final ValueLayout.OfBoolean FLAG = ValueLayout.JAVA_BOOLEAN;

    /** An absent {@code std::optional<Tensor>}: a pointer and a flag, both 0. */
    private static final long OPTIONAL = 16;

    /** {@code c10::Scalar}: a tag, 0 for double, and 16 bytes further the number. */
    private static final long SCALAR = 32;

    private final Arena arena = Arena.ofConfined();
    private final MethodHandle adamw;
    private final MethodHandle lerp;
    private final MemorySegment none = list(List.of(), arena);
    private final MemorySegment nothing = arena.allocate(OPTIONAL, 16);
    private final MemorySegment scalar = arena.allocate(SCALAR, 16);

    TorchUpdates() {
        SymbolLookup library = SymbolLookup.libraryLookup(library(), arena);
        adamw = handle(
                library,
                "_ZN2at4_ops13_fused_adamw_4callEN3c108ArrayRefINS_6TensorEEES5_S5_S5_S5_S5_dddddbbRKSt8optionalIS4_ES9_",
                FunctionDescriptor.ofVoid(
                        LIST, LIST, LIST, LIST, LIST, LIST, REAL, REAL, REAL, REAL, REAL, FLAG, FLAG, POINTER,
                        POINTER));
        lerp = handle(
                library,
                "_ZN2at4_ops21_foreach_lerp__Scalar4callEN3c108ArrayRefINS_6TensorEEES5_RKNS2_6ScalarE",
                FunctionDescriptor.ofVoid(LIST, LIST, POINTER));
    }

    private static MethodHandle handle(SymbolLookup library, String symbol, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(symbol), type);
    }

    /** Where the library that DJL loaded lies. */
    private static Path library() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.endsWith("/libtorch_cpu.so"))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A list of tensors as C++ sees it; it lives as long as the arena. */
    static MemorySegment list(List<? extends NDArray> tensors, Arena in) {
        MemorySegment pointers = in.allocate(POINTER, Math.max(1, tensors.size()));
        for (int i = 0; i < tensors.size(); i++) {
            long handle = ((PtNDArray) tensors.get(i)).getHandle();
            MemorySegment tensor = MemorySegment.ofAddress(handle).reinterpret(POINTER.byteSize());
            pointers.setAtIndex(POINTER, i, tensor.get(POINTER, 0));
        }
        MemorySegment list = in.allocate(LIST);
        list.set(POINTER, 0, pointers);
        list.set(ValueLayout.JAVA_LONG, POINTER.byteSize(), tensors.size());
        return list;
    }

    /** One step of all parameters; {@code steps} holds the number of this step for each of them. */
    void adamw(
            MemorySegment parameters,
            MemorySegment gradients,
            MemorySegment first,
            MemorySegment second,
            MemorySegment steps,
            AdamWSpec spec) {
        JniUtils.setGradMode(false);
        try {
            adamw.invokeExact(
                    parameters,
                    gradients,
                    first,
                    second,
                    none,
                    steps,
                    spec.lr(),
                    spec.beta1(),
                    spec.beta2(),
                    spec.weightDecay(),
                    spec.eps(),
                    false,
                    false,
                    nothing,
                    nothing);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Moves all averages by a part of the way to the values. */
    void lerp(MemorySegment averages, MemorySegment values, double part) {
        JniUtils.setGradMode(false);
        scalar.set(REAL, 16, part);
        try {
            lerp.invokeExact(averages, values, scalar);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
