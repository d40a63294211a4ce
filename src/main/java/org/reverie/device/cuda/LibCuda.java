package org.reverie.device.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;

/**
 * NVIDIA's driver library itself, by foreign function calls. Its functions are looked up by the names that cuda.h maps theirs
 * to (suffix {@code _v2}), which newer drivers keep.
 */
final class LibCuda implements CudaDriver {
    private static final List<String> NAMES = List.of("libcuda.so.1", "libcuda.so", "nvcuda.dll");
    private static final int NON_BLOCKING = 1;
    private static final int WITHOUT_TIMING = 2;
    private static final int RELAXED = 2;
    private static final int NAME_BYTES = 256;
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    private static final int INTERLEAVE_NONE = 0;
    private static final int SWIZZLE_128B = 3;
    private static final int L2_PROMOTION_256B = 3;
    private static final int OUT_OF_BOUNDS_ZERO = 0;

    private final SymbolLookup library;
    private final MethodHandle getErrorName;
    private final MethodHandle driverGetVersion;
    private final MethodHandle deviceGetCount;
    private final MethodHandle deviceGet;
    private final MethodHandle deviceGetName;
    private final MethodHandle deviceGetAttribute;
    private final MethodHandle deviceTotalMem;
    private final MethodHandle primaryCtxRetain;
    private final MethodHandle primaryCtxRelease;
    private final MethodHandle ctxSetCurrent;
    private final MethodHandle streamCreate;
    private final MethodHandle streamDestroy;
    private final MethodHandle streamSynchronize;
    private final MethodHandle eventCreate;
    private final MethodHandle eventDestroy;
    private final MethodHandle eventRecord;
    private final MethodHandle eventSynchronize;
    private final MethodHandle eventElapsedTime;
    private final MethodHandle memAlloc;
    private final MethodHandle memFree;
    private final MethodHandle memHostAlloc;
    private final MethodHandle memFreeHost;
    private final MethodHandle memcpyHtoD;
    private final MethodHandle memcpyDtoH;
    private final MethodHandle memset;
    private final MethodHandle moduleLoad;
    private final MethodHandle moduleUnload;
    private final MethodHandle moduleGetFunction;
    private final MethodHandle funcSetAttribute;
    private final MethodHandle tensorMapEncode;
    private final MethodHandle streamBeginCapture;
    private final MethodHandle streamEndCapture;
    private final MethodHandle graphInstantiate;
    private final MethodHandle graphDestroy;
    private final MethodHandle graphLaunch;
    private final MethodHandle graphExecDestroy;
    private final MethodHandle launchKernel;

    private LibCuda(SymbolLookup library) {
        this.library = library;
        getErrorName = find("cuGetErrorName", JAVA_INT, ADDRESS);
        driverGetVersion = find("cuDriverGetVersion", ADDRESS);
        deviceGetCount = find("cuDeviceGetCount", ADDRESS);
        deviceGet = find("cuDeviceGet", ADDRESS, JAVA_INT);
        deviceGetName = find("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
        deviceGetAttribute = find("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
        deviceTotalMem = find("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
        primaryCtxRetain = find("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
        primaryCtxRelease = find("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
        ctxSetCurrent = find("cuCtxSetCurrent", JAVA_LONG);
        streamCreate = find("cuStreamCreate", ADDRESS, JAVA_INT);
        streamDestroy = find("cuStreamDestroy_v2", JAVA_LONG);
        streamSynchronize = find("cuStreamSynchronize", JAVA_LONG);
        eventCreate = find("cuEventCreate", ADDRESS, JAVA_INT);
        eventDestroy = find("cuEventDestroy_v2", JAVA_LONG);
        eventRecord = find("cuEventRecord", JAVA_LONG, JAVA_LONG);
        eventSynchronize = find("cuEventSynchronize", JAVA_LONG);
        eventElapsedTime = findIfThere("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);
        memAlloc = find("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
        memFree = find("cuMemFree_v2", JAVA_LONG);
        memHostAlloc = find("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
        memFreeHost = find("cuMemFreeHost", JAVA_LONG);
        memcpyHtoD = find("cuMemcpyHtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        memcpyDtoH = find("cuMemcpyDtoHAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        memset = find("cuMemsetD32Async", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
        moduleLoad = find("cuModuleLoadFatBinary", ADDRESS, ADDRESS);
        moduleUnload = find("cuModuleUnload", JAVA_LONG);
        moduleGetFunction = find("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
        funcSetAttribute = find("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
        tensorMapEncode = findIfThere(
                "cuTensorMapEncodeTiled",
                ADDRESS,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT);
        streamBeginCapture = findIfThere("cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
        streamEndCapture = findIfThere("cuStreamEndCapture", JAVA_LONG, ADDRESS);
        graphInstantiate = findIfThere("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
        graphDestroy = findIfThere("cuGraphDestroy", JAVA_LONG);
        graphLaunch = findIfThere("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
        graphExecDestroy = findIfThere("cuGraphExecDestroy", JAVA_LONG);
        launchKernel = find(
                "cuLaunchKernel",
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                ADDRESS,
                ADDRESS);
    }

    /**
     * The driver of this machine, ready. Tests and demonstrations on machines without a GPU name a library that takes its place
     * with {@code -Dreverie.cuda.library=FILE}.
     */
    static LibCuda load() throws CudaMissingException {
        String other = System.getProperty("reverie.cuda.library");
        for (String name : other == null ? NAMES : List.of(other)) {
            SymbolLookup library;
            try {
                library = SymbolLookup.libraryLookup(name, Arena.global());
            } catch (IllegalArgumentException absent) {
                continue;
            }
            return start(library);
        }
        throw new CudaMissingException(
                other == null ? "no NVIDIA driver on this machine (libcuda)" : "no library " + other);
    }

    /** @param library one with the driver's functions */
    static LibCuda start(SymbolLookup library) throws CudaMissingException {
        LibCuda cuda = new LibCuda(library);
        try {
            cuda.call("cuInit", cuda.find("cuInit", JAVA_INT), 0);
        } catch (CudaException e) {
            throw new CudaMissingException(
                    e.code() == CudaException.NO_DEVICE
                            ? "the NVIDIA driver is installed, but there is no device"
                            : "the NVIDIA driver does not start: " + e.getMessage());
        }
        return cuda;
    }

    private MethodHandle find(String name, MemoryLayout... parameters) {
        MemorySegment symbol = library.find(name)
                .orElseThrow(() -> new IllegalStateException("the NVIDIA driver has no " + name + ": it is too old"));
        return Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    /** Null if the driver, which is then an old one, has no such function. */
    private MethodHandle findIfThere(String name, MemoryLayout... parameters) {
        return library.find(name).isEmpty() ? null : find(name, parameters);
    }

    private void call(String name, MethodHandle function, Object... arguments) {
        if (function == null) {
            throw new IllegalStateException("the NVIDIA driver has no " + name + ": it is too old");
        }
        int code;
        try {
            code = (int) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + name + " failed", e);
        }
        check(name, code);
    }

    private void check(String name, int code) {
        if (code != 0) {
            throw new CudaException(code, name, errorName(code));
        }
    }

    private String errorName(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ADDRESS);
            int status = (int) getErrorName.invokeExact(code, text);
            return status != 0
                    ? "an unknown error"
                    : text.get(ADDRESS, 0).reinterpret(NAME_BYTES).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuGetErrorName failed", e);
        }
    }

    /** What a function writes to its first argument, which points to an int. */
    private int getInt(String name, MethodHandle function, Object... rest) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_INT);
            call(name, function, with(result, rest));
            return result.get(JAVA_INT, 0);
        }
    }

    /** What a function writes to its first argument, which points to a handle, an address or a size. */
    private long getLong(String name, MethodHandle function, Object... rest) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_LONG);
            call(name, function, with(result, rest));
            return result.get(JAVA_LONG, 0);
        }
    }

    private static Object[] with(MemorySegment first, Object... rest) {
        Object[] all = new Object[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    private int device(int ordinal) {
        return getInt("cuDeviceGet", deviceGet, ordinal);
    }

    @Override
    public int version() {
        return getInt("cuDriverGetVersion", driverGetVersion);
    }

    @Override
    public int deviceCount() {
        return getInt("cuDeviceGetCount", deviceGetCount);
    }

    @Override
    public String deviceName(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            call("cuDeviceGetName", deviceGetName, name, NAME_BYTES, device(device));
            return name.getString(0);
        }
    }

    @Override
    public int attribute(int attribute, int device) {
        return getInt("cuDeviceGetAttribute", deviceGetAttribute, attribute, device(device));
    }

    @Override
    public long totalMemory(int device) {
        return getLong("cuDeviceTotalMem", deviceTotalMem, device(device));
    }

    @Override
    public long retainContext(int device) {
        return getLong("cuDevicePrimaryCtxRetain", primaryCtxRetain, device(device));
    }

    @Override
    public void releaseContext(int device) {
        call("cuDevicePrimaryCtxRelease", primaryCtxRelease, device(device));
    }

    @Override
    public void makeCurrent(long context) {
        int code;
        try {
            code = (int) ctxSetCurrent.invokeExact(context);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuCtxSetCurrent failed", e);
        }
        check("cuCtxSetCurrent", code);
    }

    @Override
    public long createStream() {
        return getLong("cuStreamCreate", streamCreate, NON_BLOCKING);
    }

    @Override
    public void destroyStream(long stream) {
        call("cuStreamDestroy", streamDestroy, stream);
    }

    @Override
    public void synchronize(long stream) {
        call("cuStreamSynchronize", streamSynchronize, stream);
    }

    @Override
    public long createEvent() {
        return getLong("cuEventCreate", eventCreate, WITHOUT_TIMING);
    }

    @Override
    public long createTimedEvent() {
        return getLong("cuEventCreate", eventCreate, 0);
    }

    @Override
    public float elapsed(long start, long end) {
        return Float.intBitsToFloat(getInt("cuEventElapsedTime", eventElapsedTime, start, end));
    }

    @Override
    public void destroyEvent(long event) {
        call("cuEventDestroy", eventDestroy, event);
    }

    @Override
    public void record(long event, long stream) {
        call("cuEventRecord", eventRecord, event, stream);
    }

    @Override
    public void await(long event) {
        call("cuEventSynchronize", eventSynchronize, event);
    }

    @Override
    public long allocate(long bytes) {
        return getLong("cuMemAlloc", memAlloc, bytes);
    }

    @Override
    public void free(long memory) {
        call("cuMemFree", memFree, memory);
    }

    @Override
    public long allocatePinned(long bytes) {
        return getLong("cuMemHostAlloc", memHostAlloc, bytes, 0);
    }

    @Override
    public void freePinned(long address) {
        call("cuMemFreeHost", memFreeHost, address);
    }

    @Override
    public void copyToDevice(long to, long hostAddress, long bytes, long stream) {
        call("cuMemcpyHtoDAsync", memcpyHtoD, to, hostAddress, bytes, stream);
    }

    @Override
    public void copyToHost(long hostAddress, long from, long bytes, long stream) {
        call("cuMemcpyDtoHAsync", memcpyDtoH, hostAddress, from, bytes, stream);
    }

    @Override
    public void clear(long memory, long words, long stream) {
        call("cuMemsetD32Async", memset, memory, 0, words, stream);
    }

    @Override
    public long loadModule(byte[] fatbin) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(fatbin.length, 16);
            MemorySegment.copy(fatbin, 0, text, JAVA_BYTE, 0, fatbin.length);
            return getLong("cuModuleLoadFatBinary", moduleLoad, text);
        }
    }

    @Override
    public void unloadModule(long module) {
        call("cuModuleUnload", moduleUnload, module);
    }

    @Override
    public long function(long module, String name) {
        try (Arena arena = Arena.ofConfined()) {
            return getLong("cuModuleGetFunction", moduleGetFunction, module, arena.allocateFrom(name));
        }
    }

    @Override
    public void allowShared(long function, int bytes) {
        call("cuFuncSetAttribute", funcSetAttribute, function, MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
    }

    @Override
    public boolean hasTensorMaps() {
        return tensorMapEncode != null;
    }

    @Override
    public void encodeMap(MemorySegment map, int type, long address, long[] extents, long[] strides, int[] box) {
        int[] steps = new int[extents.length];
        Arrays.fill(steps, 1);
        try (Arena arena = Arena.ofConfined()) {
            call(
                    "cuTensorMapEncodeTiled",
                    tensorMapEncode,
                    map,
                    type,
                    extents.length,
                    address,
                    arena.allocateFrom(JAVA_LONG, extents),
                    arena.allocateFrom(JAVA_LONG, strides),
                    arena.allocateFrom(JAVA_INT, box),
                    arena.allocateFrom(JAVA_INT, steps),
                    INTERLEAVE_NONE,
                    SWIZZLE_128B,
                    L2_PROMOTION_256B,
                    OUT_OF_BOUNDS_ZERO);
        }
    }

    @Override
    public void beginCapture(long stream) {
        call("cuStreamBeginCapture", streamBeginCapture, stream, RELAXED);
    }

    @Override
    public long endCapture(long stream) {
        long graph;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_LONG);
            call("cuStreamEndCapture", streamEndCapture, stream, result);
            graph = result.get(JAVA_LONG, 0);
        }
        try {
            return getLong("cuGraphInstantiateWithFlags", graphInstantiate, graph, 0L);
        } finally {
            call("cuGraphDestroy", graphDestroy, graph);
        }
    }

    @Override
    public void launchGraph(long graph, long stream) {
        call("cuGraphLaunch", graphLaunch, graph, stream);
    }

    @Override
    public void destroyGraph(long graph) {
        call("cuGraphExecDestroy", graphExecDestroy, graph);
    }

    /** The one call that is made for every kernel: without boxes. */
    @Override
    public void launch(
            long function, int x, int y, int z, int size, int shared, MemorySegment parameters, long stream) {
        int code;
        try {
            code = (int) launchKernel.invokeExact(
                    function, x, y, z, size, 1, 1, shared, stream, parameters, MemorySegment.NULL);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuLaunchKernel failed", e);
        }
        check("cuLaunchKernel", code);
    }
}
