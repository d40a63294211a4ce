package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_event;
import org.reverie.device.Trace;

/** When kernels ran, by the profiling events of their launches. The device's clock is tied to the host's by each event's enqueueing. */
final class ClTimeline {
    private static final int MOST = 1024;

    private record Span(String kernel, cl_event event, long enqueued) {}

    private final Trace trace;
    private final String track;
    private final List<Span> pending = new ArrayList<>();

    ClTimeline(Trace trace, String track) {
        this.trace = trace;
        this.track = track;
    }

    /** Enqueues a kernel with the event that tells when it ran. */
    void enqueue(String kernel, Consumer<cl_event> command) {
        if (pending.size() == MOST) {
            read();
        }
        Span span = new Span(kernel, new cl_event(), trace.now());
        command.accept(span.event);
        pending.add(span);
    }

    /** Waits for what is pending and writes it down. */
    void read() {
        for (Span s : pending) {
            clWaitForEvents(1, new cl_event[] {s.event});
            long shift = s.enqueued - time(s, CL_PROFILING_COMMAND_QUEUED);
            trace.span(
                    track,
                    s.kernel,
                    shift + time(s, CL_PROFILING_COMMAND_START),
                    shift + time(s, CL_PROFILING_COMMAND_END));
            clReleaseEvent(s.event);
        }
        pending.clear();
    }

    /** Nanoseconds of the device's clock. */
    private static long time(Span s, int which) {
        long[] nanos = new long[1];
        clGetEventProfilingInfo(s.event, which, Sizeof.cl_ulong, Pointer.to(nanos), null);
        return nanos[0];
    }
}
