package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job, with nothing but the program. */
final class DemoCommandTest {
    @Test
    void trainsMeasuresAndReports(@TempDir Path folder) throws IOException {
        Cli run = Cli.run("demo", "--quick", "--out", folder.toString()).ok();
        assertEquals("", run.err());
        assertTrue(run.out().endsWith("Report: " + folder.resolve("report.html") + System.lineSeparator()), run.out());
        assertTrue(Files.size(folder.resolve("report.html")) > 100_000);
        JsonObject results = JsonParser.parseString(Files.readString(folder.resolve("result.json")))
                .getAsJsonObject()
                .getAsJsonObject("results");
        for (String set : new String[] {"drawn-glyphs", "drawn-noise"}) {
            double auroc = results.getAsJsonObject(set)
                    .getAsJsonObject("MFsim")
                    .get("auroc")
                    .getAsDouble();
            assertTrue(auroc > 0.9, set + ": AUROC " + auroc);
        }
    }

    @Test
    void withoutTheRealDataItSaysWhatIsMissing(@TempDir Path folder) {
        Cli.run("demo", "--data", folder.toString(), "--out", folder.toString())
                .fails(Main.FAILED, "cifar10", "reverie data fetch cifar10");
    }
}
