package org.reverie.gpu;

import com.google.gson.GsonBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes without Maven, for {@code bench/gpu.sh}, and leaves a JSON file. */
public final class SuiteRun implements TestExecutionListener {
    private int passed;
    private int skipped;
    private final List<String> failures = new ArrayList<>();

    /** Arguments: the JSON file, then names of test classes. Exits with 1 if a test failed or none passed. */
    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: SuiteRun RESULT.json TESTCLASS…");
            System.exit(2);
        }
        List<String> classes = List.of(args).subList(1, args.length);
        SuiteRun run = new SuiteRun();
        long start = System.nanoTime();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(classes.stream()
                                        .map(DiscoverySelectors::selectClass)
                                        .toList())
                                .build(),
                        run);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("classes", classes);
        result.put("device", System.getProperty("reverie.device", "all"));
        result.put("passed", run.passed);
        result.put("skipped", run.skipped);
        result.put("failed", run.failures.size());
        result.put("seconds", (System.nanoTime() - start) / 1_000_000 / 1e3);
        result.put("failures", run.failures);
        Files.writeString(
                Path.of(args[0]), new GsonBuilder().setPrettyPrinting().create().toJson(result) + "\n");
        System.out.println(run.passed + " passed, " + run.failures.size() + " failed, " + run.skipped + " skipped");
        System.exit(run.failures.isEmpty() && run.passed > 0 ? 0 : 1);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case FAILED ->
                failures.add(test.getUniqueId() + " (" + test.getDisplayName() + "): "
                        + result.getThrowable().map(Throwable::toString).orElse("no reason given"));
            case ABORTED -> skipped++;
            case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
        }
    }
}
