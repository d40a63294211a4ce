package org.reverie;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Prints after a test run why tests were skipped, one line per reason. */
public final class SkippedTests implements TestExecutionListener {
    private final Map<String, Integer> reasons = new ConcurrentSkipListMap<>();

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        count(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            count(test, result.getThrowable().map(Throwable::getMessage).orElse(null));
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        reasons.forEach((reason, count) ->
                System.out.println("skipped " + count + (count == 1 ? " test: " : " tests: ") + reason));
    }

    private void count(TestIdentifier test, String reason) {
        String text = reason == null || reason.isBlank() ? test.getDisplayName() + ", no reason given" : reason.strip();
        reasons.merge(text, 1, Integer::sum);
    }
}
