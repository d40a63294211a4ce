package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The calls of NVIDIA's driver that the backend makes, by the driver's own names. Handles and device addresses are numbers.
 * Tests put a stand-in here. All but the first seven want the device's context to be the thread's current one.
 *
 * <p>Every call throws {@link CudaException} with the driver's code.
 */
interface CudaDriver {
    /** For example 13000. */
    int version();

    int deviceCount();

    String deviceName(int device);

    /** @param attribute a {@code CUdevice_attribute} */
    int attribute(int attribute, int device);

    /** Bytes. */
    long totalMemory(int device);

    /** The device's primary context, made if it is not there. */
    long retainContext(int device);

    void releaseContext(int device);

    void makeCurrent(long context);

    long createStream();

    void destroyStream(long stream);

    void synchronize(long stream);

    long createEvent();

    /** An event that notes when it was reached. */
    long createTimedEvent();

    void destroyEvent(long event);

    /** Milliseconds from one timed event to another; both have been waited for. */
    float elapsed(long start, long end);

    void record(long event, long stream);

    void await(long event);

    long allocate(long bytes);

    void free(long memory);

    /** Memory of the host that the device can reach, at this address. */
    long allocatePinned(long bytes);

    void freePinned(long address);

    void copyToDevice(long to, long hostAddress, long bytes, long stream);

    void copyToHost(long hostAddress, long from, long bytes, long stream);

    /** Sets 32-bit words to zero. */
    void clear(long memory, long words, long stream);

    /** Makes a module of the text of a fatbin. */
    long loadModule(byte[] fatbin);

    void unloadModule(long module);

    long function(long module, String name);

    /** What is enqueued from now on is not done but becomes a graph. Memory may be allocated meanwhile, but not freed. */
    void beginCapture(long stream);

    /** The graph, ready to be launched; the capture is over even if this fails. */
    long endCapture(long stream);

    void launchGraph(long graph, long stream);

    void destroyGraph(long graph);

    /** Lets launches of a function ask for this many bytes of shared memory, where that is more than 48 KiB. */
    void allowShared(long function, int bytes);

    /** Whether the driver makes tensor maps, which it does since CUDA 12. */
    boolean hasTensorMaps();

    /**
     * Writes a map by which the copy engine of Hopper finds boxes of a tensor of three to five axes, the innermost first, in the
     * 128-byte swizzle, with zeros beyond the edges.
     *
     * @param map 128 bytes at a multiple of 64
     * @param type a {@code CUtensorMapDataType}
     * @param address a multiple of 16
     * @param strides bytes from the second axis on, multiples of 16
     */
    void encodeMap(MemorySegment map, int type, long address, long[] extents, long[] strides, int[] box);

    /**
     * @param shared bytes of dynamic shared memory
     * @param parameters an array of addresses, one to a parameter of the kernel
     */
    void launch(long function, int x, int y, int z, int size, int shared, MemorySegment parameters, long stream);
}
