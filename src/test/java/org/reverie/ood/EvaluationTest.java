package org.reverie.ood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.ood.Evaluation.ScoredSet;

class EvaluationTest {
    private static final float[] ID = {1, 2, 2, 3};

    private static ScoredSet set(String name, float[] mfsim, float[] knn) {
        Map<String, float[]> scores = new LinkedHashMap<>();
        scores.put("mfsim", mfsim);
        scores.put("knn", knn);
        return new ScoredSet(name, scores);
    }

    private static Evaluation evaluation() {
        return new Evaluation(
                set("ours", ID, ID),
                List.of(
                        set("near \"<b>\"", new float[] {2, 3, 4}, new float[] {4, 5, 6}),
                        set("far", new float[] {9, 9}, new float[] {0, 9})),
                Map.of("seed", "7"),
                "abc123");
    }

    @Test
    void jsonHoldsTheMetricsOfEverySetAndScore(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("out.json");
        EvaluationJson.write(evaluation(), file);
        JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        JsonObject near = json.getAsJsonObject("results").getAsJsonObject("near \"<b>\"");
        JsonObject mfsim = near.getAsJsonObject("mfsim");
        assertEquals(9.5 / 12, mfsim.get("auroc").getAsDouble(), 1e-15);
        assertEquals(1.0 / 3, mfsim.get("fpr95").getAsDouble(), 1e-15);
        Metrics expected = Metrics.of(ID, new float[] {2, 3, 4});
        assertEquals(expected.auprIn(), mfsim.get("aupr_in").getAsDouble());
        assertEquals(expected.auprOut(), mfsim.get("aupr_out").getAsDouble());
        JsonObject average = json.getAsJsonObject("average").getAsJsonObject("knn");
        assertEquals((1 + 0.5) / 2, average.get("auroc").getAsDouble(), 1e-15);
        assertEquals(2.85, json.getAsJsonObject("threshold").get("mfsim").getAsDouble(), 1e-9);
        assertEquals(2, json.getAsJsonObject("images").get("far").getAsInt());
        assertEquals("7", json.getAsJsonObject("settings").get("seed").getAsString());
        assertEquals("abc123", json.get("fingerprint").getAsString());
        assertEquals("ours", json.get("id").getAsString());
    }

    @Test
    void tableLinesUpAndMarksTheBestOnATerminalOnly() {
        String plain = EvaluationTable.render(evaluation(), false);
        String[] lines = plain.split("\n");
        assertEquals("ID ours, 4 images", lines[0]);
        assertEquals("OOD set       images     AUROC  FPR95     AUROC  FPR95", lines[2]);
        assertEquals("near \"<b>\"         3    0.7917 0.3333    1.0000 0.0000", lines[3]);
        assertEquals("far                2    1.0000 0.0000    0.5000 0.5000", lines[4]);
        assertEquals("average                 0.8958 0.1667    0.7500 0.2500", lines[5]);
        String bold = EvaluationTable.render(evaluation(), true);
        assertTrue(bold.contains("\u001b[1m1.0000 0.0000\u001b[0m"), bold);
        assertEquals(plain, bold.replaceAll("\u001b\\[[01]m", ""));
        assertFalse(plain.contains("\u001b"));
    }

    @Test
    void longScoreNamesWidenTheirColumn() {
        float[] one = {1};
        Map<String, float[]> scores = Map.of("a very long score name", one);
        Evaluation e = new Evaluation(new ScoredSet("id", scores), List.of(new ScoredSet("ood", scores)), Map.of(), "");
        String[] lines = EvaluationTable.render(e, false).split("\n");
        assertEquals(lines[1].length(), lines[3].length());
    }

    @Test
    void refusesScoresThatDoNotFitTogether() {
        float[] one = {1};
        ScoredSet id = set("id", one, one);
        assertThrows(IllegalArgumentException.class, () -> set("x", one, new float[] {1, 2}));
        assertThrows(IllegalArgumentException.class, () -> new ScoredSet("x", Map.of()));
        assertThrows(IllegalArgumentException.class, () -> new Evaluation(id, List.of(), Map.of(), ""));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Evaluation(id, List.of(new ScoredSet("x", Map.of("mfsim", one))), Map.of(), ""));
        assertThrows(IllegalArgumentException.class, () -> new Evaluation(id, List.of(id, id), Map.of(), ""));
        Evaluation nan = new Evaluation(id, List.of(set("x", one, new float[] {Float.NaN})), Map.of(), "");
        String message =
                assertThrows(IllegalArgumentException.class, nan::results).getMessage();
        assertTrue(message.startsWith("x, score knn: ") && message.contains("NaN"), message);
    }

    @Test
    void infiniteScoresStayValidJson() {
        Map<String, float[]> infinite = Map.of("s", new float[] {Float.POSITIVE_INFINITY});
        Evaluation e =
                new Evaluation(new ScoredSet("id", infinite), List.of(new ScoredSet("ood", infinite)), Map.of(), "");
        JsonObject json = JsonParser.parseString(EvaluationJson.toJson(e)).getAsJsonObject();
        assertTrue(json.getAsJsonObject("threshold").get("s").isJsonNull());
    }
}
