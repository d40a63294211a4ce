package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
    @Test
    void everyTaskRunsOnceInManyCalls() {
        for (int threads = 1; threads <= 4; threads++) {
            try (Workers workers = new Workers(threads)) {
                for (int call = 0; call < 3000; call++) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(call % 37);
                    workers.parallelFor(runs.length(), (task, worker) -> runs.incrementAndGet(task));
                    for (int i = 0; i < runs.length(); i++) {
                        assertEquals(1, runs.get(i));
                    }
                }
            }
        }
    }

    @Test
    void workersWakeAfterAPause() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            for (int call = 0; call < 20; call++) {
                AtomicInteger sum = new AtomicInteger();
                workers.parallelFor(100, (task, worker) -> sum.addAndGet(task));
                assertEquals(4950, sum.get());
                Thread.sleep(2);
            }
        }
    }

    @Test
    void firstExceptionReachesTheCallerAndTheTeamGoesOn() {
        try (Workers workers = new Workers(3)) {
            IllegalStateException thrown = new IllegalStateException("task 5");
            assertSame(
                    thrown,
                    assertThrows(
                            IllegalStateException.class,
                            () -> workers.parallelFor(50, (task, worker) -> {
                                if (task == 5) {
                                    throw thrown;
                                }
                            })));
            AtomicInteger runs = new AtomicInteger();
            workers.parallelFor(50, (task, worker) -> runs.incrementAndGet());
            assertEquals(50, runs.get());
        }
    }

    @Test
    void nestedCallsRunInPlace() {
        try (Workers workers = new Workers(3)) {
            AtomicInteger runs = new AtomicInteger();
            workers.parallelFor(8, (task, worker) -> {
                Thread outer = Thread.currentThread();
                workers.parallelFor(8, (inner, w) -> {
                    assertSame(outer, Thread.currentThread());
                    assertEquals(worker, w);
                    runs.incrementAndGet();
                });
            });
            assertEquals(64, runs.get());
        }
    }

    @Test
    void callsFromSeveralThreadsTakeTurns() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            AtomicInteger sum = new AtomicInteger();
            Thread[] callers = new Thread[4];
            for (int i = 0; i < callers.length; i++) {
                callers[i] = new Thread(() -> {
                    for (int call = 0; call < 500; call++) {
                        workers.parallelFor(7, (task, worker) -> sum.incrementAndGet());
                    }
                });
                callers[i].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertEquals(4 * 500 * 7, sum.get());
        }
    }

    @Test
    void scratchIsAlignedAndKept() {
        try (Workers workers = new Workers(1)) {
            long address = workers.memory(0, 1, 1000);
            assertEquals(0, address % 64);
            assertEquals(address, workers.memory(0, 1, 500));
            assertTrue(workers.floats(0, 0, 100).length >= 100);
            assertSame(workers.floats(0, 0, 100), workers.floats(0, 0, 50));
        }
    }
}
