package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads 2,000 mutants with each reader, or as many as the system property {@code fuzz.count} says; see docs/fuzzing.md. */
class ReaderFuzzTest {
    private static final int COUNT = Integer.getInteger("fuzz.count", 2000);

    static Stream<String> readers() throws IOException {
        return ReaderFuzz.targets().stream().map(FuzzTarget::name);
    }

    @ParameterizedTest
    @MethodSource("readers")
    void everyMutantGivesAValueOrAFormatException(String reader) throws IOException {
        FuzzTarget target = ReaderFuzz.targets().stream()
                .filter(t -> t.name().equals(reader))
                .findFirst()
                .orElseThrow();
        Fuzzer.Result result = Fuzzer.run(target, 1, COUNT);
        if (System.getProperty("fuzz.count") != null) {
            System.out.println(result);
        }
        assertEquals(List.of(), result.findings());
        assertEquals(COUNT, result.parsed() + result.rejected());
        assertTrue(result.parsed() > 20 && result.rejected() > 200, "the mutants say something: " + result);
    }

    @Test
    void theFuzzerFindsWhatIsThereAndRepeatsIt() throws IOException {
        FuzzTarget broken = FuzzTarget.of("broken", List.of(new byte[32]), file -> {
            if (file.size() != 32) {
                throw new IllegalStateException("unexpected size");
            }
        });
        Fuzzer.Result result = Fuzzer.run(broken, 7, 1000);
        assertTrue(result.findings().getFirst().contains("IllegalStateException: unexpected size"));
        assertEquals(result.findings(), Fuzzer.run(broken, 7, 1000).findings());
        FuzzTarget greedy = FuzzTarget.of("greedy", List.of(new byte[32]), file -> {
            byte[] much = new byte[(int) Fuzzer.HEAP_BOUND + (int) file.size()];
            if (much.length < 0) {
                throw new IllegalStateException();
            }
        });
        // The seed is read without the bound, the mutants under it.
        assertTrue(Fuzzer.run(greedy, 7, 1).findings().getFirst().contains("bytes on the heap"));
    }

    @Test
    void aMutantDependsOnItsSeedAlone() {
        Mutator mutator = new Mutator(List.of(new byte[100], new byte[] {1, 2, 3}));
        for (long i = 0; i < 100; i++) {
            assertArrayEquals(mutator.mutant(new SplittableRandom(i)), mutator.mutant(new SplittableRandom(i)));
        }
    }
}
