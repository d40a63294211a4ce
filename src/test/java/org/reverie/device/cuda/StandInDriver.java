package org.reverie.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A driver for tests on machines without a GPU. Memory and copies are real, in the host's memory; kernels are not run, but
 * each launch is held against the kernel's declaration in the PTX of the fatbin that was loaded.
 */
final class StandInDriver implements CudaDriver {
    /** A launch: its groups, the threads of each, and its parameters as 32-bit words. */
    record Started(String kernel, int groups, int size, List<int[]> parameters) {}

    private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(([^)]*)\\)");
    private static final Pattern PARAMETER =
            Pattern.compile("\\.param (?:\\.align \\d+ )?\\.([a-z])(\\d+)[^,\\[]*(?:\\[(\\d+)])?");

    /** Bytes of shared memory of a block on Hopper, those of the system left out. */
    static final int LARGEST_SHARED = 227 << 10;

    private final Map<Long, Arena> memory = new HashMap<>();
    private final Map<Long, Map<String, List<Integer>>> modules = new HashMap<>();
    private final Map<Long, String> functions = new HashMap<>();
    private final Map<String, List<Integer>> declared = new TreeMap<>();
    private final Map<Long, Integer> times = new HashMap<>();
    private final Map<Long, List<Runnable>> graphs = new HashMap<>();
    private List<Runnable> captured;
    private long handles = 1;

    private final Map<Long, Integer> allowed = new HashMap<>();

    /** Launches so far. */
    final List<Started> started = new ArrayList<>();

    /** Names of the calls so far. */
    final List<String> calls = new ArrayList<>();

    /** Bytes that may still be allocated. */
    long room = Long.MAX_VALUE;

    /** What the next calls that wait for the device fail with; 0 for nothing. */
    int fault;

    /** The kernels of a fatbin and how many bytes each of their parameters has, from its PTX. */
    static Map<String, List<Integer>> kernels(byte[] fatbin) {
        Map<String, List<Integer>> found = new TreeMap<>();
        Matcher entry = ENTRY.matcher(new String(fatbin, StandardCharsets.ISO_8859_1));
        while (entry.find()) {
            List<Integer> sizes = new ArrayList<>();
            Matcher parameter = PARAMETER.matcher(entry.group(2));
            while (parameter.find()) {
                int bytes = Integer.parseInt(parameter.group(2)) / 8;
                sizes.add(parameter.group(3) == null ? bytes : bytes * Integer.parseInt(parameter.group(3)));
            }
            found.put(entry.group(1), sizes);
        }
        return found;
    }

    /** Blocks of memory, pinned ones too, and graphs that have not been given back. */
    int held() {
        return memory.size() + graphs.size();
    }

    private void called(String name) {
        calls.add(name);
    }

    /** A call that would report what kernels have done. */
    private void waiting(String name) {
        called(name);
        if (captured != null && !name.equals("allocate")) {
            throw new CudaException(CudaException.CAPTURE_UNSUPPORTED, name, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
        }
        if (fault != 0) {
            throw new CudaException(fault, name, "CUDA_ERROR_OF_THE_TEST");
        }
    }

    @Override
    public int version() {
        return 13_000;
    }

    @Override
    public int deviceCount() {
        return 1;
    }

    @Override
    public String deviceName(int device) {
        return "stand-in";
    }

    @Override
    public int attribute(int attribute, int device) {
        return switch (attribute) {
            case 75 -> 9;
            case 76 -> 0;
            default -> 132;
        };
    }

    @Override
    public long totalMemory(int device) {
        return 80L << 30;
    }

    @Override
    public long retainContext(int device) {
        return 7;
    }

    @Override
    public void releaseContext(int device) {
        waiting("releaseContext");
    }

    @Override
    public void makeCurrent(long context) {}

    @Override
    public long createStream() {
        return handles++;
    }

    @Override
    public void destroyStream(long stream) {
        waiting("destroyStream");
    }

    @Override
    public void synchronize(long stream) {
        waiting("synchronize");
    }

    @Override
    public long createEvent() {
        return handles++;
    }

    /** A clock that goes on by a millisecond with every event that is recorded. */
    @Override
    public long createTimedEvent() {
        return handles++;
    }

    @Override
    public float elapsed(long start, long end) {
        return times.get(end) - times.get(start);
    }

    @Override
    public void destroyEvent(long event) {
        waiting("destroyEvent");
    }

    @Override
    public void record(long event, long stream) {
        called("record");
        times.put(event, times.size() + 1);
    }

    @Override
    public void await(long event) {
        waiting("await");
    }

    @Override
    public long allocate(long bytes) {
        waiting("allocate");
        if (bytes > room) {
            throw new CudaException(CudaException.OUT_OF_MEMORY, "cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY");
        }
        room -= bytes;
        return take(bytes);
    }

    private long take(long bytes) {
        Arena arena = Arena.ofShared();
        long address = arena.allocate(bytes, 256).address();
        memory.put(address, arena);
        return address;
    }

    @Override
    public void free(long address) {
        waiting("free");
        memory.remove(address).close();
    }

    @Override
    public long allocatePinned(long bytes) {
        return take(bytes);
    }

    @Override
    public void freePinned(long address) {
        waiting("freePinned");
        memory.remove(address).close();
    }

    @Override
    public void copyToDevice(long to, long hostAddress, long bytes, long stream) {
        called("copyToDevice");
        enqueue(() -> at(to, bytes).copyFrom(at(hostAddress, bytes)));
    }

    @Override
    public void copyToHost(long hostAddress, long from, long bytes, long stream) {
        called("copyToHost");
        at(hostAddress, bytes).copyFrom(at(from, bytes));
    }

    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Override
    public void clear(long address, long words, long stream) {
        at(address, 4 * words).fill((byte) 0);
    }

    @Override
    public long loadModule(byte[] fatbin) {
        called("loadModule");
        Map<String, List<Integer>> kernels = kernels(fatbin);
        declared.putAll(kernels);
        modules.put(handles, kernels);
        return handles++;
    }

    @Override
    public void unloadModule(long module) {
        waiting("unloadModule");
    }

    @Override
    public long function(long module, String name) {
        if (!modules.get(module).containsKey(name)) {
            throw new CudaException(500, "cuModuleGetFunction", "CUDA_ERROR_NOT_FOUND");
        }
        functions.put(handles, name);
        return handles++;
    }

    @Override
    public void allowShared(long function, int bytes) {
        called("allowShared");
        if (bytes > LARGEST_SHARED) {
            throw new CudaException(1, "cuFuncSetAttribute", "CUDA_ERROR_INVALID_VALUE");
        }
        allowed.put(function, bytes);
    }

    @Override
    public boolean hasTensorMaps() {
        return true;
    }

    @Override
    public void encodeMap(MemorySegment map, int type, long address, long[] extents, long[] strides, int[] box) {
        called("encodeMap");
        boolean aligned = address % 16 == 0 && map.address() % 64 == 0 && map.byteSize() == 128;
        for (long s : strides) {
            aligned &= s % 16 == 0 && s > 0;
        }
        for (int a = 0; a < box.length; a++) {
            aligned &= box[a] >= 1 && box[a] <= 256 && extents[a] >= 1;
        }
        if (!aligned || box[0] * 2 > 128) {
            throw new CudaException(1, "cuTensorMapEncodeTiled", "CUDA_ERROR_INVALID_VALUE");
        }
    }

    @Override
    public void beginCapture(long stream) {
        called("beginCapture");
        captured = new ArrayList<>();
    }

    @Override
    public long endCapture(long stream) {
        called("endCapture");
        graphs.put(handles, captured);
        captured = null;
        return handles++;
    }

    @Override
    public void launchGraph(long graph, long stream) {
        called("launchGraph");
        graphs.get(graph).forEach(Runnable::run);
    }

    @Override
    public void destroyGraph(long graph) {
        called("destroyGraph");
        graphs.remove(graph);
    }

    /** Does something that was enqueued, or makes it part of the graph. */
    private void enqueue(Runnable work) {
        if (captured == null) {
            work.run();
        } else {
            captured.add(work);
        }
    }

    @Override
    public void launch(
            long function, int x, int y, int z, int size, int shared, MemorySegment parameters, long stream) {
        called("launch");
        String kernel = functions.get(function);
        if (shared > allowed.getOrDefault(function, 48 << 10)) {
            throw new AssertionError(kernel + " is started with " + shared + " bytes of shared memory");
        }
        List<Integer> sizes = declared.get(kernel);
        List<int[]> values = new ArrayList<>();
        for (int i = 0; i < sizes.size(); i++) {
            long address = parameters.getAtIndex(ValueLayout.JAVA_LONG, i);
            long next = parameters.getAtIndex(ValueLayout.JAVA_LONG, i + 1);
            boolean last = i + 1 == sizes.size();
            // A parameter begins at the next multiple of 8 bytes behind the one before; a zero ends them.
            if (address == 0 || last != (next == 0) || !last && next - address != (sizes.get(i) + 7 & -8)) {
                throw new AssertionError(kernel + " wants parameters of " + sizes
                        + " bytes and is given others from the " + (i + 1) + ".");
            }
            values.add(at(address, sizes.get(i)).toArray(ValueLayout.JAVA_INT));
        }
        enqueue(() -> started.add(new Started(kernel, x * y * z, size, values)));
    }
}
