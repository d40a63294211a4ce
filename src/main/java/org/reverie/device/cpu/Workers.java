package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A persistent team of threads: the calling thread and {@code threads - 1} daemon threads. Tasks of a call are handed
 * out one by one to whoever is free. Between calls the threads spin for a millisecond and then park.
 *
 * <p>A call from inside a task runs in place on the same thread. Calls from several outside threads take turns. Nothing
 * is allocated per call. Results must not depend on which worker runs which task; the worker's number is only for
 * {@link #floats scratch memory}.
 */
public final class Workers implements AutoCloseable {
    /** One task of a parallel loop. */
    @FunctionalInterface
    public interface Body {
        /** Runs task {@code task} on worker {@code worker} (0 is the caller). */
        void run(int task, int worker);
    }

    /**
     * How long a thread looks for work before it parks. A parked thread comes 35 to 70 µs late (measured on a virtual machine), which is
     * all of a small layer's time.
     */
    private static final long SPIN_NANOS = 1_000_000;

    private static final int OPEN = 1 << 30;
    private static final int SLOTS = 6;

    private final ReentrantLock turn = new ReentrantLock();
    private final Member[] members;
    private final Scratch[] scratch;

    /** Bit 30: the job takes members; the rest: members inside. */
    private final AtomicInteger gate = new AtomicInteger();

    private final AtomicInteger next = new AtomicInteger();
    private Body body;
    private int tasks;
    private volatile Throwable failure;
    private volatile int job;
    private volatile Thread waiting;
    private volatile boolean closed;

    /**
     * Starts the team.
     *
     * @param threads threads including the caller, at least 1
     */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, got " + threads);
        }
        scratch = new Scratch[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Scratch();
        }
        members = new Member[threads - 1];
        for (int i = 0; i < members.length; i++) {
            members[i] = new Member(i + 1);
            members[i].start();
        }
    }

    /** Threads of the team, the caller included. */
    public int threads() {
        return members.length + 1;
    }

    /**
     * Runs {@code body} for every task from 0 to {@code count - 1} and returns when all are done. The first exception
     * of a task is rethrown here; tasks not yet begun are then dropped.
     */
    public void parallelFor(int count, Body body) {
        if (Thread.currentThread() instanceof Member m && m.team() == this) {
            inline(count, body, m.index);
            return;
        }
        boolean nested = turn.isHeldByCurrentThread();
        turn.lock();
        try {
            if (nested || count <= 1 || members.length == 0) {
                inline(count, body, 0);
            } else {
                share(count, body);
            }
        } finally {
            turn.unlock();
        }
    }

    /** Runs the tasks in order on the calling thread, for work too small to share. */
    public void alone(int count, Body body) {
        if (Thread.currentThread() instanceof Member m && m.team() == this) {
            inline(count, body, m.index);
            return;
        }
        turn.lock();
        try {
            inline(count, body, 0);
        } finally {
            turn.unlock();
        }
    }

    private static void inline(int count, Body body, int worker) {
        for (int i = 0; i < count; i++) {
            body.run(i, worker);
        }
    }

    private void share(int count, Body work) {
        body = work;
        tasks = count;
        failure = null;
        next.set(0);
        gate.set(OPEN);
        job++; // only the holder of the turn writes it
        int helpers = Math.min(members.length, count - 1);
        for (int i = 0; i < helpers; i++) {
            members[i].wake();
        }
        take(0);
        if (gate.addAndGet(-OPEN) != 0) {
            awaitEmptyGate();
        }
        body = null;
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            Workers.<RuntimeException>rethrow(thrown);
        }
    }

    private void take(int worker) {
        int count = tasks;
        Body work = body;
        try {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                work.run(i, worker);
            }
        } catch (Throwable t) {
            next.set(count);
            synchronized (this) {
                if (failure == null) {
                    failure = t;
                }
            }
        }
    }

    private void awaitEmptyGate() {
        long until = System.nanoTime() + SPIN_NANOS;
        while (gate.get() != 0) {
            if (System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            } else {
                waiting = Thread.currentThread();
                while (gate.get() != 0) {
                    LockSupport.park(this);
                }
                waiting = null;
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void rethrow(Throwable t) throws T {
        throw (T) t;
    }

    /** Ends the threads; calls after that run on the caller alone only if the team had no other thread. */
    @Override
    public void close() {
        turn.lock();
        try {
            closed = true;
            job++;
            for (Member m : members) {
                LockSupport.unpark(m);
            }
        } finally {
            turn.unlock();
        }
    }

    /**
     * Scratch floats of a worker, kept from call to call and grown as needed; the content is undefined.
     *
     * @param slot 0 to 5, to hold several arrays at once
     */
    public float[] floats(int worker, int slot, int length) {
        float[] have = scratch[worker].floats[slot];
        if (have == null || have.length < length) {
            have = new float[length];
            scratch[worker].floats[slot] = have;
        }
        return have;
    }

    /**
     * Scratch memory of a worker outside the heap, aligned to 64 bytes, kept from call to call and grown as needed; the
     * content is undefined.
     *
     * @param slot 0 to 5, to hold several blocks at once
     */
    public long memory(int worker, int slot, long bytes) {
        Scratch s = scratch[worker];
        if (s.sizes[slot] < bytes) {
            s.addresses[slot] = 0;
            s.arenas[slot] = Arena.ofAuto(); // the old block goes with its arena
            s.addresses[slot] = s.arenas[slot].allocate(bytes, 64).address();
            s.sizes[slot] = bytes;
        }
        return s.addresses[slot];
    }

    private static final class Scratch {
        final float[][] floats = new float[SLOTS][];
        final Arena[] arenas = new Arena[SLOTS];
        final long[] addresses = new long[SLOTS];
        final long[] sizes = new long[SLOTS];
    }

    private final class Member extends Thread {
        final int index;
        private volatile boolean parked;

        Member(int index) {
            super("reverie-worker-" + index);
            this.index = index;
            setDaemon(true);
        }

        Workers team() {
            return Workers.this;
        }

        void wake() {
            if (parked) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            int seen = 0;
            while (true) {
                seen = awaitJob(seen);
                if (closed) {
                    return;
                }
                if (enter()) {
                    take(index);
                    if (gate.decrementAndGet() == 0) {
                        Thread caller = waiting;
                        if (caller != null) {
                            LockSupport.unpark(caller);
                        }
                    }
                }
            }
        }

        private int awaitJob(int seen) {
            long until = System.nanoTime() + SPIN_NANOS;
            while (job == seen) {
                if (System.nanoTime() - until < 0) {
                    Thread.onSpinWait();
                } else {
                    parked = true;
                    while (job == seen) {
                        LockSupport.park(Workers.this);
                    }
                    parked = false;
                }
            }
            return job;
        }

        /** Enters the job unless the caller has closed it already. */
        private boolean enter() {
            int g = gate.get();
            while ((g & OPEN) != 0) {
                if (gate.compareAndSet(g, g + 1)) {
                    return true;
                }
                g = gate.get();
            }
            return false;
        }
    }
}
