package org.reverie.bench;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs benchmarks with JMH, one fork at a time, in an order of its own: the roofs first, and the engines of one work right
 * after each other, so that a machine that becomes slower or faster does so for all of them. A pass is one fork of
 * everything; the full mode makes several, and the results of all passes stand in one file.
 */
public final class Launch {
    private static final List<String> ROOFS = List.of("FmaPeakBench", "CopyBench");
    private static final String ENGINE = "engine";

    /** Whole jobs run much code, which takes the JIT longer: so many times the warm-up. */
    private static final Pattern JOBS =
            Pattern.compile(".*\\.(Efficient|Mobile|ResNet|Lfdn|Dlsr|Unet|LatentUnet|StableDiffusion|Scale)\\w*\\..*");

    private static final int JOB_WARMUP = 4;

    /** JMH stops an iteration after ten minutes, the set-up with its checks included; large networks take longer. */
    private static final TimeValue LONGEST = TimeValue.hours(2);

    /** How much is measured. */
    private enum Mode {
        SHORT(1, 4, 5, TimeValue.milliseconds(250)),
        FULL(3, 5, 5, TimeValue.milliseconds(300));

        final int passes;
        final int warmups;
        final int iterations;
        final TimeValue time;

        Mode(int passes, int warmups, int iterations, TimeValue time) {
            this.passes = passes;
            this.warmups = warmups;
            this.iterations = iterations;
            this.time = time;
        }
    }

    /** One benchmark with one value of every parameter. */
    private record Fork(String benchmark, Map<String, String> parameters) {
        String title() {
            List<String> words = new ArrayList<>();
            words.add(benchmark.substring("org.reverie.bench.".length()));
            parameters.forEach((k, v) -> words.add(k + "=" + v));
            return String.join(" ", words);
        }
    }

    private final CommandLineOptions options;
    private final List<String> includes;
    private final Mode mode;
    private final Path result;
    private final Path log;
    private final List<RunResult> results = new ArrayList<>();
    private int failures;
    private final Set<String> skipped = new HashSet<>();

    private Launch(List<String> args, Mode mode, Path result) throws CommandLineOptionException {
        this.includes = new CommandLineOptions(args.toArray(String[]::new)).getIncludes();
        // JMH would run all that they match instead of one benchmark.
        this.options = new CommandLineOptions(
                args.stream().filter(a -> !includes.contains(a)).toArray(String[]::new));
        this.mode = mode;
        this.result = result;
        this.log = result.resolveSibling("last-fork.log");
    }

    /** Arguments: the file for the results, then what {@code bench/run} was given. */
    public static void main(String[] args) throws IOException, RunnerException {
        List<String> rest = new ArrayList<>(Arrays.asList(args).subList(1, args.length));
        boolean full = rest.remove("--full");
        rest.remove("--short");
        boolean list = rest.remove("--list");
        try {
            Launch launch = new Launch(rest, full ? Mode.FULL : Mode.SHORT, Path.of(args[0]));
            if (list) {
                launch.forks().forEach(f -> System.out.println(f.title()));
                return;
            }
            launch.run();
            System.exit(launch.failures == 0 ? 0 : 1);
        } catch (CommandLineOptionException e) {
            System.err.println("bench/run: " + e.getMessage());
            System.exit(2);
        }
    }

    private void run() throws IOException {
        List<Fork> forks = forks();
        int passes = options.getForkCount().orElse(mode.passes);
        for (int pass = 0; pass < passes; pass++) {
            for (int i = 0; i < forks.size(); i++) {
                System.out.printf(
                        "%d/%d %-90s",
                        pass * forks.size() + i + 1,
                        passes * forks.size(),
                        forks.get(i).title());
                System.out.flush();
                run(forks.get(i));
            }
        }
    }

    private void run(Fork fork) throws IOException {
        ChainedOptionsBuilder b = new OptionsBuilder()
                .parent(options)
                .include("^" + Pattern.quote(fork.benchmark()) + "$")
                .forks(1)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.NORMAL)
                .output(log.toString());
        fork.parameters().forEach((k, v) -> b.param(k, v));
        if (!options.getWarmupIterations().hasValue()) {
            b.warmupIterations(mode.warmups);
        }
        if (!options.getMeasurementIterations().hasValue()) {
            b.measurementIterations(mode.iterations);
        }
        if (!options.getWarmupTime().hasValue()) {
            int longer = JOBS.matcher(fork.benchmark()).matches() ? JOB_WARMUP : 1;
            b.warmupTime(TimeValue.milliseconds(longer * mode.time.convertTo(TimeUnit.MILLISECONDS)));
        }
        if (!options.getMeasurementTime().hasValue()) {
            b.measurementTime(mode.time);
        }
        if (!options.getTimeout().hasValue()) {
            b.timeout(LONGEST);
        }
        try {
            Collection<RunResult> found = new Runner(b.build()).run();
            results.addAll(found);
            ResultFormatFactory.getInstance(ResultFormatType.JSON, result.toString())
                    .writeOut(results);
            Results.shorten(result);
            found.forEach(r -> System.out.printf(
                    Locale.ROOT, " %12.3f µs%n", 1e-3 / r.getPrimaryResult().getScore()));
        } catch (RunnerException e) {
            failures++;
            System.out.println(" FAILED: " + e.getMessage());
            try (Stream<String> lines = Files.lines(log)) {
                lines.filter(line -> line.contains("Exception") || line.contains("Error"))
                        .limit(3)
                        .forEach(line -> System.out.println("    " + line.strip()));
            }
        }
    }

    /** Whether an engine can run; that it lacks its device is said in a line, once. */
    private boolean runs(String engine) {
        String kind = engine.equals(Contest.CLBLAST) ? Contest.OPENCL : engine;
        if (!kind.equals(Contest.OPENCL) && !kind.equals(Contest.CUDA)) {
            return true;
        }
        String missing = Accelerator.missing(kind);
        if (missing != null && skipped.add(engine)) {
            System.out.println("skipped: engine=" + engine + ": " + missing);
        }
        return missing == null;
    }

    /** Everything that matches, in the order of execution. */
    private List<Fork> forks() {
        var silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
        BenchmarkList all = BenchmarkList.defaultList();
        List<BenchmarkListEntry> entries = new ArrayList<>();
        ROOFS.forEach(roof -> entries.addAll(all.find(silent, List.of("\\." + roof + "\\."), options.getExcludes())));
        for (BenchmarkListEntry e : all.find(silent, includes, options.getExcludes())) {
            if (ROOFS.stream().noneMatch(roof -> e.getUsername().contains("." + roof + "."))) {
                entries.add(e);
            }
        }
        List<Fork> forks = new ArrayList<>();
        for (BenchmarkListEntry e : entries) {
            expand(e.getUsername(), values(e), forks);
        }
        return forks;
    }

    /** The values of every parameter that are to be run; the engine comes last, so that it changes fastest. */
    private Map<String, List<String>> values(BenchmarkListEntry entry) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        Map<String, String[]> declared = entry.getParams().orElse(Map.of());
        declared.forEach((name, all) -> {
            if (!name.equals(ENGINE)) {
                values.put(name, chosen(entry, name, all));
            }
        });
        if (declared.containsKey(ENGINE)) {
            values.put(
                    ENGINE,
                    chosen(entry, ENGINE, declared.get(ENGINE)).stream()
                            .filter(this::runs)
                            .toList());
        }
        return values;
    }

    private List<String> chosen(BenchmarkListEntry entry, String name, String[] all) {
        if (options.getParameter(name).hasValue()) {
            // An engine that the benchmark does not offer is no error: the others are run.
            return options.getParameter(name).get().stream()
                    .filter(v -> !name.equals(ENGINE) || List.of(all).contains(v))
                    .toList();
        }
        Short some = mode == Mode.SHORT ? shortened(entry.getUsername(), name) : null;
        return List.of(some == null ? all : some.value());
    }

    /** The annotation on the field of this name in one of the benchmark's states, or null. */
    private static Short shortened(String benchmark, String field) {
        int dot = benchmark.lastIndexOf('.');
        try {
            for (Method m : Class.forName(benchmark.substring(0, dot)).getMethods()) {
                if (m.getName().equals(benchmark.substring(dot + 1))) {
                    for (Class<?> state : m.getParameterTypes()) {
                        try {
                            return state.getField(field).getAnnotation(Short.class);
                        } catch (NoSuchFieldException e) {
                            // another state's
                        }
                    }
                }
            }
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
        return null;
    }

    private static void expand(String benchmark, Map<String, List<String>> values, List<Fork> into) {
        List<Map<String, String>> all = new ArrayList<>();
        all.add(Map.of());
        for (Map.Entry<String, List<String>> e : values.entrySet()) {
            List<Map<String, String>> next = new ArrayList<>();
            for (Map<String, String> before : all) {
                for (String v : e.getValue()) {
                    Map<String, String> more = new LinkedHashMap<>(before);
                    more.put(e.getKey(), v);
                    next.add(more);
                }
            }
            all = next;
        }
        all.forEach(parameters -> into.add(new Fork(benchmark, parameters)));
    }
}
