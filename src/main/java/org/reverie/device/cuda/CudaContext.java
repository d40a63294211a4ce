package org.reverie.device.cuda;

import java.util.function.Supplier;
import org.reverie.device.Trace;
import org.reverie.device.kernels.GraphRefusedException;

/**
 * A device's primary context and one stream. After an error that loses the context every call fails at once, naming the
 * kernel, and giving things back does nothing.
 */
final class CudaContext implements AutoCloseable {
    /** With this property the host waits for each kernel, so that a fault is surely that of the kernel that is named. */
    private static final boolean WAITS = Boolean.getBoolean("reverie.cuda.wait");

    private final CudaDriver driver;
    private final CudaDevice device;
    private final long context;
    private final long stream;
    private String last;
    private int since;
    private String lost;
    private boolean capturing;
    private CudaTimeline timeline;

    CudaContext(CudaDriver driver, CudaDevice device) {
        this.driver = driver;
        this.device = device;
        this.context = driver.retainContext(device.ordinal());
        driver.makeCurrent(context);
        this.stream = driver.createStream();
    }

    CudaDriver driver() {
        return driver;
    }

    CudaDevice device() {
        return device;
    }

    long stream() {
        return stream;
    }

    boolean isLost() {
        return lost != null;
    }

    /** Writes down from now on when kernels ran. */
    void trace(Trace trace) {
        run(() -> timeline = new CudaTimeline(driver, stream, trace, "cuda:" + device.ordinal()));
    }

    boolean isTraced() {
        return timeline != null;
    }

    /** Whether what is enqueued becomes a graph. */
    boolean isCapturing() {
        return capturing;
    }

    void beginCapture() {
        run(() -> driver.beginCapture(stream));
        capturing = true;
    }

    /** The graph that was captured. */
    long endCapture() {
        capturing = false;
        return call(() -> {
            try {
                return driver.endCapture(stream);
            } catch (CudaException e) {
                if (e.code() == CudaException.CAPTURE_UNSUPPORTED || e.code() == CudaException.CAPTURE_INVALIDATED) {
                    throw new GraphRefusedException(e.getMessage());
                }
                throw e;
            }
        });
    }

    /** Calls the driver on this context. */
    <T> T call(Supplier<T> work) {
        if (lost != null) {
            throw new IllegalStateException(lost);
        }
        try {
            driver.makeCurrent(context);
            return work.get();
        } catch (CudaException e) {
            throw explain(e);
        }
    }

    void run(Runnable work) {
        call(() -> {
            work.run();
            return null;
        });
    }

    /** As {@link #run}, for giving back: silent if the context is lost, or is lost by it. */
    void release(Runnable work) {
        if (lost != null) {
            return;
        }
        try {
            run(work);
        } catch (IllegalStateException e) {
            if (lost == null) {
                throw e;
            }
        }
    }

    /** Starts a kernel; its name is remembered for a fault that shows later. */
    void launch(String kernel, Runnable work) {
        run(() -> {
            last = kernel;
            since++;
            if (timeline == null) {
                work.run();
            } else {
                timeline.run(kernel, work);
            }
            if (WAITS && !capturing) {
                driver.synchronize(stream);
                since = 0;
            }
        });
    }

    /** Waits for everything that was enqueued. */
    void finish() {
        run(() -> {
            driver.synchronize(stream);
            if (timeline != null) {
                timeline.read();
            }
        });
        since = 0;
    }

    /** Waits for an event that was enqueued behind every kernel. */
    void awaitKernels(long event) {
        run(() -> driver.await(event));
        since = 0;
    }

    private RuntimeException explain(CudaException e) {
        if (!e.isSticky()) {
            return new IllegalStateException(
                    "cuda:" + device.ordinal() + ": " + e.getMessage()
                            + (e.getMessage().startsWith("cuLaunchKernel") ? " starting the kernel " + last : ""),
                    e);
        }
        lost = "cuda:" + device.ordinal() + " is lost and only a new process can use it: " + suspect() + " ("
                + e.getMessage() + ")";
        return new IllegalStateException(lost, e);
    }

    private String suspect() {
        if (last == null) {
            return "no kernel had been started";
        }
        return since <= 1
                ? "the kernel " + last + " failed"
                : "the kernel " + last + " failed, or one of the " + (since - 1)
                        + " before it; with -Dreverie.cuda.wait=true it is surely the one named";
    }

    @Override
    public void close() {
        if (timeline != null) {
            release(timeline::close);
        }
        release(() -> driver.destroyStream(stream));
        release(() -> driver.releaseContext(device.ordinal()));
    }
}
