package org.reverie.io;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Reads mutated files and checks that each gives a value or a {@link FormatException} with a one-line message, and that
 * reading it allocates no more than {@link #HEAP_BOUND} on the heap and {@link #ALLOWANCE} outside it. Mutant {@code i}
 * of a seed depends on nothing but the seed and {@code i}, so any finding can be repeated alone.
 */
public final class Fuzzer {
    /** Bytes a reader may allocate on the heap, in total, for one mutant. */
    public static final long HEAP_BOUND = 64L << 20;

    /** The mutants' {@link Source} allowance in bytes. */
    public static final long ALLOWANCE = 16L << 20;

    private static final int MOST_FINDINGS = 20;

    private Fuzzer() {}

    /**
     * What came of a run.
     *
     * @param parsed mutants that gave a value
     * @param rejected mutants that gave a FormatException
     * @param findings the rest, one line each; reading stops after 20
     */
    public record Result(
            String reader,
            long parsed,
            long rejected,
            List<String> findings,
            long mostHeap,
            long mostOutside,
            double slowestMillis,
            double seconds) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%-12s %8d mutants: %7d parsed, %7d rejected, %d findings; at most %.2f MiB heap, %.2f MiB outside,"
                            + " %.1f ms for one; %.1f s",
                    reader,
                    parsed + rejected + findings.size(),
                    parsed,
                    rejected,
                    findings.size(),
                    mostHeap / 1048576.0,
                    mostOutside / 1048576.0,
                    slowestMillis,
                    seconds);
        }
    }

    /** Fails unless every seed reads; then reads mutants {@code 0 … count-1}. */
    public static Result run(FuzzTarget target, long seed, long count) throws IOException {
        return run(target, seed, 0, count);
    }

    static Result run(FuzzTarget target, long seed, long from, long to) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<byte[]> seeds = target.seeds();
        for (int i = 0; i < seeds.size(); i++) {
            target.read(source(target.name() + " seed " + i, seeds.get(i)));
        }
        Mutator mutator = new Mutator(seeds);
        List<String> findings = new ArrayList<>();
        long parsed = 0;
        long rejected = 0;
        long mostHeap = 0;
        long mostOutside = 0;
        long slowest = 0;
        long start = System.nanoTime();
        for (long i = from; i < to && findings.size() < MOST_FINDINGS; i++) {
            Source source = source("mutant", mutator.mutant(new SplittableRandom(seed * 0x9e3779b97f4a7c15L + i)));
            String finding = null;
            boolean value = false;
            long before = threads.getCurrentThreadAllocatedBytes();
            long began = System.nanoTime();
            try {
                target.read(source);
                value = true;
            } catch (FormatException e) {
                finding = faultOf(e);
            } catch (Throwable e) {
                finding = e + " at " + (e.getStackTrace().length > 0 ? e.getStackTrace()[0] : "?");
            }
            slowest = Math.max(slowest, System.nanoTime() - began);
            long heap = threads.getCurrentThreadAllocatedBytes() - before;
            mostHeap = Math.max(mostHeap, heap);
            mostOutside = Math.max(mostOutside, source.allocated());
            if (finding == null && heap > HEAP_BOUND) {
                finding = "allocated " + heap + " bytes on the heap";
            }
            if (finding != null) {
                findings.add(target.name() + " seed " + seed + " mutant " + i + ": " + finding);
            } else if (value) {
                parsed++;
            } else {
                rejected++;
            }
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Result(target.name(), parsed, rejected, findings, mostHeap, mostOutside, slowest * 1e-6, seconds);
    }

    /** {@code READER|all COUNT [SEED]}: prints a line per reader; the exit status is 1 if there are findings. */
    public static void main(String[] args, Collection<FuzzTarget> targets) throws IOException {
        if (args.length < 2) {
            System.err.println("usage: READER|all COUNT [SEED]; readers: "
                    + targets.stream().map(FuzzTarget::name).toList());
            System.exit(2);
        }
        long seed = args.length > 2 ? Long.parseLong(args[2]) : 1;
        int findings = 0;
        boolean found = false;
        for (FuzzTarget target : targets) {
            if (args[0].equals("all") || args[0].equals(target.name())) {
                found = true;
                Result result = run(target, seed, Long.parseLong(args[1]));
                System.out.println(result);
                result.findings().forEach(System.out::println);
                findings += result.findings().size();
            }
        }
        if (!found) {
            System.err.println("no reader is called " + args[0]);
            System.exit(2);
        }
        System.exit(findings == 0 ? 0 : 1);
    }

    private static Source source(String name, byte[] bytes) {
        return Source.of(name, MemorySegment.ofArray(bytes), ALLOWANCE);
    }

    private static String faultOf(FormatException e) {
        String message = e.getMessage();
        boolean oneLine = message.chars().noneMatch(c -> c < ' ') && message.length() < 1000;
        return oneLine && message.startsWith("mutant: ") ? null : "message is not one short line: " + message;
    }
}
