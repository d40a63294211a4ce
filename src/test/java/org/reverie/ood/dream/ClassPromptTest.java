package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.io.FormatException;
import org.reverie.models.clip.ClipTokenizer;

/** With the published vocabulary. */
class ClassPromptTest {
    @TempDir
    Path folder;

    private static ClipTokenizer tokenizer() throws IOException {
        return ClipTokenizer.open(TestData.file("misc/clip-bpe_simple_vocab_16e6.txt.gz"));
    }

    @Test
    void theTokenOfAWordStandsInItsPrompt() throws IOException {
        ClipTokenizer tokenizer = tokenizer();
        ClassPrompt hen = ClassPrompt.of("hen");
        assertEquals("A high-quality image of the hen", hen.prompt());
        int[] ids = tokenizer.prompt(hen.prompt());
        assertEquals(49406, ids[0]);
        assertEquals(hen.token(tokenizer), ids[8]);
        assertEquals(49407, ids[9]);
        assertEquals(1, hen.pieces(tokenizer));
    }

    @Test
    void wordsOfSeveralTokensAreKnownByTheFirst() throws IOException {
        ClipTokenizer tokenizer = tokenizer();
        ClassPrompt cockroach = ClassPrompt.of("cockroach");
        assertTrue(cockroach.pieces(tokenizer) > 1);
        assertEquals(tokenizer.encode("cockroach")[0], cockroach.token(tokenizer));
    }

    /** The official prompt glues the suffix to the word and asks for chimpanzees while it replaces the token of chimps. */
    @Test
    void theOfficialMistakesAreNotMade() throws IOException {
        ClipTokenizer tokenizer = tokenizer();
        assertEquals(
                "A high-quality image of the wire nail", ClassPrompt.of("nail").prompt());
        assertEquals(tokenizer.encode("nail")[0], ClassPrompt.of("nail").token(tokenizer));
        Exception e = assertThrows(
                IllegalArgumentException.class, () -> new ClassPrompt("chimpanzee", "chimp").token(tokenizer));
        assertTrue(e.getMessage().contains("does not occur in the prompt"), e.getMessage());
        assertEquals(1, ClassPrompt.of("chimp").pieces(tokenizer));
        ClassPrompt.of("chimp").token(tokenizer);
    }

    @Test
    void aFileOfClassesHasPhrasesAndWords() throws IOException {
        Path file = Files.writeString(folder.resolve("classes.txt"), "apple\n\naquarium fish\tfish\nkite\n");
        assertEquals(
                List.of(
                        new ClassPrompt("apple", "apple"),
                        new ClassPrompt("aquarium fish", "fish"),
                        new ClassPrompt("kite bird", "kite")),
                ClassPrompt.read(file));
        Path wrong = Files.writeString(folder.resolve("wrong.txt"), "a\tb\tc\n");
        Exception e = assertThrows(FormatException.class, () -> ClassPrompt.read(wrong));
        assertTrue(e.getMessage().contains("line 1"), e.getMessage());
    }
}
