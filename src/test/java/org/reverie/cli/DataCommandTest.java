package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.DataCatalogue;
import org.reverie.data.DataSource;
import org.reverie.data.DrawnSets;

final class DataCommandTest {
    @Test
    void listsEverySetAndWhetherItIsHere(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("mnist"));
        Cli run = Cli.run("data", "list", "--data-dir", folder.toString()).ok();
        for (DataSource source : DataCatalogue.all()) {
            String here = source.name().equals("mnist") ? "yes" : "-";
            assertEquals(
                    1,
                    run.out()
                            .lines()
                            .filter(l -> l.matches(source.name() + " +" + here + " .*"))
                            .count(),
                    run.out());
        }
        DrawnSets.names().forEach(name -> assertTrue(run.out().contains(name), run.out()));
    }

    @Test
    void showsWhereTheFilesComeFrom() {
        String out = Cli.run("data", "list", "--addresses").ok().out();
        assertTrue(out.contains("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"), out);
        assertTrue(out.contains("sha256 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"), out);
    }

    @Test
    void fetchNamesWhatCanBeFetched(@TempDir Path folder) {
        Cli.run("data", "fetch", "atlantis").fails(Main.USAGE, "no data set is called atlantis", "cifar10");
        Cli.run("data", "fetch", "imagenet-100", "--data-dir", folder.toString())
                .fails(Main.FAILED, "imagenet-100 cannot be fetched");
    }

    @Test
    void needsACommand() {
        Cli.run("data").fails(Main.USAGE, "a command is missing");
    }
}
