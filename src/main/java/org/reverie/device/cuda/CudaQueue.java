package org.reverie.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.reverie.device.kernels.DeviceBuffer;
import org.reverie.device.kernels.DeviceMemory;
import org.reverie.device.kernels.KernelQueue;
import org.reverie.tensor.Buffer;

/** A context's stream, and what hangs on it. Memory is called by its device address. */
final class CudaQueue implements KernelQueue, DeviceMemory.Driver<Long> {
    private static final int ZEROS = 16;

    /** Bytes of shared memory that any kernel may have. */
    private static final int USUAL_SHARED = 48 << 10;

    /** Threads that a block may have on every GPU that the kernels are built for. */
    private static final int LARGEST_GROUP = 1024;

    /** Of a network's layers there are some hundreds; each takes 128 bytes. */
    private static final int MOST_MAPS = 4096;

    private final CudaContext context;
    private final CudaDriver driver;
    private final CudaModules modules;
    private final Staging staging;
    private final TensorMaps maps;
    private final Arena arena = Arena.ofShared();
    private final CudaLaunch.Frame frame = new CudaLaunch.Frame(arena);
    private final long nothing;
    private final Map<Long, Integer> allowed = new HashMap<>();
    private final Captures graphs = new Captures();
    private int captured;
    private Postponed postponed;

    /** Work that was asked for and not started, because what is asked for next may do it on the way. */
    interface Postponed {
        void start();
    }

    CudaQueue(CudaContext context) {
        this.context = context;
        this.driver = context.driver();
        this.modules = new CudaModules(context);
        this.staging = new Staging(context);
        this.maps = new TensorMaps(context, MOST_MAPS);
        this.nothing = context.call(() -> driver.allocate(4L * ZEROS));
        context.run(() -> driver.clear(nothing, ZEROS, context.stream()));
    }

    /** Where a buffer of this device begins. */
    static long address(Buffer b) {
        return (Long) ((DeviceBuffer<?>) b).memory();
    }

    /** A few zeros, for kernels' arguments that are absent. */
    long nothing() {
        return nothing;
    }

    /** Work to be started before anything else. Of the memory that it uses some may be freed by now: whoever gets it comes later. */
    void postpone(Postponed work) {
        settle();
        postponed = work;
    }

    /** What is postponed. */
    Postponed postponed() {
        return postponed;
    }

    /** Forgets what is postponed: the caller does it. */
    void takeOver() {
        postponed = null;
    }

    private void settle() {
        Postponed work = postponed;
        postponed = null;
        if (work != null) {
            work.start();
        }
    }

    @Override
    public CudaLaunch launch(String family, String kernel) {
        settle(); // before any argument stands in the frame
        return new CudaLaunch(this, frame, modules.function(family, kernel), kernel);
    }

    CudaContext context() {
        return context;
    }

    TensorMaps maps() {
        return maps;
    }

    void start(String kernel, long function, int x, int y, int z, int size, int shared, MemorySegment parameters) {
        if (shared > USUAL_SHARED && allowed.getOrDefault(function, 0) < shared) {
            context.run(() -> driver.allowShared(function, shared));
            allowed.put(function, shared);
        }
        captured++;
        context.launch(kernel, () -> driver.launch(function, x, y, z, size, shared, parameters, context.stream()));
    }

    @Override
    public boolean hasBinary64() {
        return true;
    }

    @Override
    public int largestGroup() {
        return LARGEST_GROUP;
    }

    @Override
    public void upload(MemorySegment from, Buffer to, long offset) {
        settle();
        staging.upload(from, address(to) + offset);
    }

    @Override
    public void download(Buffer from, long offset, MemorySegment to) {
        settle();
        staging.download(address(from) + offset, to);
    }

    /** When kernels are traced each needs its own events, and is started by itself. */
    @Override
    public Graphs graphs() {
        return context.isTraced() ? null : graphs;
    }

    private final class Captures implements Graphs {
        @Override
        public void begin() {
            settle();
            context.beginCapture();
            captured = 0;
        }

        @Override
        public Graph end() {
            settle();
            int count = captured;
            long graph = context.endCapture();
            List<Long> kept = staging.takeKept();
            return new Graph() {
                @Override
                public void launch() {
                    settle();
                    context.launch(
                            "(one of " + count + " of a graph)", () -> driver.launchGraph(graph, context.stream()));
                }

                @Override
                public void close() {
                    context.release(() -> {
                        driver.synchronize(context.stream());
                        driver.destroyGraph(graph);
                        kept.forEach(driver::freePinned);
                    });
                }
            };
        }

        @Override
        public void drop() {
            takeOver();
            if (context.isCapturing()) {
                try {
                    long graph = context.endCapture();
                    context.release(() -> driver.destroyGraph(graph));
                } catch (IllegalStateException alreadySpoilt) {
                    // the capture is over, which is all that is wanted
                }
            }
            List<Long> kept = staging.takeKept();
            context.release(() -> kept.forEach(driver::freePinned));
        }
    }

    @Override
    public Long allocate(long bytes) {
        return context.call(() -> {
            try {
                return driver.allocate(bytes);
            } catch (CudaException e) {
                if (e.code() == CudaException.OUT_OF_MEMORY) {
                    return null;
                }
                throw e;
            }
        });
    }

    /** Waits for what was enqueued, which may still read the memory. */
    @Override
    public void free(Long memory) {
        context.release(this::settle);
        context.release(() -> {
            driver.synchronize(context.stream());
            driver.free(memory);
        });
    }

    void finish() {
        context.release(this::settle);
        context.release(context::finish);
    }

    void close() {
        modules.close();
        staging.close();
        free(nothing);
        context.close();
        maps.close();
        arena.close();
    }
}
