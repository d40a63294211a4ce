package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.ood.dream.RunResult.OnSet;

class ResultTableTest {
    private static final List<Variant> VARIANTS = Variant.all(0.1, List.of(1.0));

    @TempDir
    Path folder;

    private static RunResult run(String variant, long seed, double fpr95, double accuracy) {
        OnSet near = new OnSet(1 - fpr95 / 4, fpr95, fpr95, 0.9, 0.8);
        OnSet far = new OnSet(1 - fpr95 / 4, fpr95 + 0.1, fpr95, 0.9, 0.8);
        return new RunResult(variant, seed, accuracy, -3, 0.95, Map.of("near", near, "far", far), Map.of(), "id", 1);
    }

    private static List<String> claims(double method, double accuracy) {
        List<RunResult> runs = new ArrayList<>();
        for (int s = 0; s < 3; s++) {
            double off = 0.01 * (s - 1);
            runs.add(run("ce", s, 0.20 + off, 99));
            runs.add(run("reconstructions", s, 0.15 + off, 99));
            runs.add(run("pooled", s, method + off, accuracy));
        }
        return new ResultTable(VARIANTS, runs).claims();
    }

    @Test
    void aClaimNeedsMoreThanTheSpreadOverTheBestControl() {
        String clear = claims(0.10, 99).getFirst();
        assertTrue(clear.startsWith("mean FPR95: 15.0 ± 1.0, best control 20.0 ± 1.0 (reconstructions only)"), clear);
        assertTrue(clear.endsWith("ahead by 5.0, spread 1.4: holds"), clear);
        assertTrue(claims(0.14, 99).getFirst().endsWith("ahead, but within the spread: does not hold"));
        assertTrue(claims(0.17, 99).getFirst().endsWith("spread 1.4: does not hold"));
    }

    @Test
    void oneSeedTellsNoSpread() {
        ResultTable table = new ResultTable(VARIANTS, List.of(run("ce", 0, 0.2, 99), run("pooled", 0, 0.1, 99)));
        assertTrue(
                table.claims().getFirst().endsWith("one seed tells no spread"),
                table.claims().getFirst());
    }

    @Test
    void accuracyMayFallByHalfAPoint() {
        assertTrue(claims(0.1, 98.5).getLast().endsWith("holds (at most 0.5 lower)"));
        assertTrue(claims(0.1, 98.4).getLast().endsWith("does not hold"));
    }

    @Test
    void theTableHasALineForEachVariantThatWasRun() {
        String table = new ResultTable(VARIANTS, List.of(run("ce", 0, 0.2, 99), run("pooled", 0, 0.1, 99))).markdown();
        assertEquals(4, table.lines().count(), table);
        assertTrue(table.contains("cross-entropy") && table.contains("**imagined, filtered, β = 0.1**"), table);
    }

    @Test
    void someLinesCanBeAskedFor() {
        DreamPreset preset = DreamPreset.of("mnist");
        List<String> names = preset.variants(List.of("npos", "reworked")).stream()
                .map(Variant::name)
                .toList();
        assertEquals(List.of(Variant.PLAIN, "reworked", "npos", Variant.METHOD), names);
        Exception e = assertThrows(IllegalArgumentException.class, () -> preset.variants(List.of("magic")));
        assertTrue(e.getMessage().contains("magic") && e.getMessage().contains("unfiltered"), e.getMessage());
    }

    @Test
    void aResultOfOtherSettingsIsNotTakenOver() throws IOException {
        RunResult r = run("ce", 4, 0.2, 99);
        Path file = folder.resolve("ce-4.json");
        r.write(file);
        assertEquals(r, RunResult.read(file, "id"));
        assertNull(RunResult.read(file, "other"));
        assertNull(RunResult.read(folder.resolve("none.json"), "id"));
    }
}
