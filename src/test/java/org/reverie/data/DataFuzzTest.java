package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reverie.io.FuzzTarget;
import org.reverie.io.Fuzzer;

/** Every reader, fed with mutants of valid files: 1,000 each, or as many as {@code -Dfuzz.count} says. */
class DataFuzzTest {
    private static Path folder;

    @BeforeAll
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("fuzz");
    }

    @AfterAll
    static void removeFolder() throws IOException {
        Archives.delete(folder);
    }

    static Stream<String> readers() throws IOException {
        return DataFuzz.targets(Path.of(".")).stream().map(FuzzTarget::name);
    }

    @ParameterizedTest
    @MethodSource("readers")
    void mutantsGiveImagesOrOneClearError(String reader) throws IOException {
        long count = Long.getLong("fuzz.count", 1000);
        for (FuzzTarget target : DataFuzz.targets(folder)) {
            if (target.name().equals(reader)) {
                Fuzzer.Result result = Fuzzer.run(target, 1, count);
                if (System.getProperty("fuzz.count") != null) {
                    System.out.println(result);
                }
                assertEquals(List.of(), result.findings());
            }
        }
    }
}
