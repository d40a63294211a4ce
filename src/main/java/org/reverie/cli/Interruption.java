package org.reverie.cli;

import java.util.concurrent.CountDownLatch;

/**
 * The user's wish to stop (Ctrl-C, or a polite kill). Work that can be resumed asks for it at its safe points; the Java
 * machine stays up until the work has come to rest. Other work ends at once, as any program does.
 */
final class Interruption {
    private final CountDownLatch atRest = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile boolean awaited;

    /** Begins to listen. */
    void install() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
    }

    private void stop() {
        requested = true;
        if (!awaited) {
            return;
        }
        try {
            atRest.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that the command looks at {@link #requested} now and then, so that it is worth waiting for. */
    void willBeHeard() {
        awaited = true;
    }

    /** Says that everything is saved and printed. */
    void comeToRest() {
        atRest.countDown();
    }

    /** Asks the work to stop. */
    void request() {
        requested = true;
    }

    boolean requested() {
        return requested;
    }
}
