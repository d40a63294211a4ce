package org.reverie.device.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.reverie.device.Trace;

/**
 * When kernels ran, by an event before and one after each. Events are read when the host waits anyway, or when many are
 * pending; each time is measured from the last one read, for the driver tells them as binary32 milliseconds.
 */
final class CudaTimeline {
    private static final int MOST = 1024;
    private static final double NANOS = 1e6;

    private record Span(String kernel, long start, long end) {}

    private final CudaDriver driver;
    private final long stream;
    private final Trace trace;
    private final String track;
    private final ArrayDeque<Long> idle = new ArrayDeque<>();
    private final List<Span> pending = new ArrayList<>();
    private long base;
    private double baseNanos;

    /** To be made when the device has nothing to do. */
    CudaTimeline(CudaDriver driver, long stream, Trace trace, String track) {
        this.driver = driver;
        this.stream = stream;
        this.trace = trace;
        this.track = track;
        this.base = mark();
        driver.synchronize(stream);
        this.baseNanos = trace.now();
    }

    private long mark() {
        long event = idle.isEmpty() ? driver.createTimedEvent() : idle.pop();
        driver.record(event, stream);
        return event;
    }

    void run(String kernel, Runnable launch) {
        long start = mark();
        launch.run();
        pending.add(new Span(kernel, start, mark()));
        if (pending.size() == MOST) {
            driver.synchronize(stream);
            read();
        }
    }

    /** Writes down what is pending; the device must have done it. */
    void read() {
        for (Span s : pending) {
            double start = baseNanos + NANOS * driver.elapsed(base, s.start);
            double end = baseNanos + NANOS * driver.elapsed(base, s.end);
            trace.span(track, s.kernel, Math.round(start), Math.round(end));
            idle.push(base);
            idle.push(s.start);
            base = s.end;
            baseNanos = end;
        }
        pending.clear();
    }

    void close() {
        idle.push(base);
        idle.forEach(driver::destroyEvent);
    }
}
