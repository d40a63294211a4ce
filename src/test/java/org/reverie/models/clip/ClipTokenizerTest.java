package org.reverie.models.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.io.FormatException;
import org.reverie.random.Philox;

class ClipTokenizerTest {
    @TempDir
    Path folder;

    private static ClipTokenizer published() throws IOException {
        return ClipTokenizer.open(TestData.file("misc/clip-bpe_simple_vocab_16e6.txt.gz"));
    }

    private ClipTokenizer small() throws IOException {
        Path file = folder.resolve("merges.txt");
        Files.writeString(file, "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\nc a\n");
        return ClipTokenizer.open(file);
    }

    @Test
    void publishedExamples() throws IOException {
        ClipTokenizer t = published();
        assertEquals(49_408, t.size());
        assertEquals(49_406, t.start());
        assertEquals(49_407, t.end());
        // The examples of CLIP's own page: "a diagram", "a dog", "a cat".
        assertArrayEquals(new int[] {320, 22697}, t.encode("a diagram"));
        assertArrayEquals(new int[] {320, 1929}, t.encode("a dog"));
        assertArrayEquals(new int[] {320, 2368}, t.encode("a cat"));
        assertArrayEquals(new int[] {3306, 1002, 256}, t.encode("Hello   world!"));
        assertArrayEquals(new int[] {320, 1125, 539, 320, 2368}, t.encode("a photo of a cat"));
        assertArrayEquals(new int[] {320, 3086, 539, 320, 2368}, t.encode("a painting of a cat"));
        assertArrayEquals(new int[] {647, 4091, 786}, t.encode("bozuman"));
        assertEquals("n kabrie ", t.decode(333, 6554, 5322));
        assertArrayEquals(new int[] {829, 631, 592, 1960, 286}, t.encode("How are you doing?"));
        int[] before = {49406, 320, 1400, 268, 3027, 2867, 539, 518};
        int[] prompt = t.prompt("A high-quality image of the lion");
        assertArrayEquals(before, Arrays.copyOf(prompt, 8));
        assertEquals(1, t.encode("lion").length);
        assertEquals(t.encode("lion")[0], prompt[8]);
        for (int i = 9; i < 77; i++) {
            assertEquals(49407, prompt[i]);
        }
    }

    /** Ranges that follow from the order of the vocabulary: bytes, bytes at a word's end, merges. */
    @Test
    void digitsAreOneTokenEachAndLongWordsSeveral() throws IOException {
        ClipTokenizer t = published();
        assertArrayEquals(new int[] {273, 271, 273, 277}, t.encode("2026"));
        assertEquals("chim", t.decode(t.encode("chimpanzee")[0]));
        assertEquals(3, t.encode("chimpanzee").length);
    }

    @Test
    void textIsCleanedAsClipDoes() {
        assertEquals("a cat & a dog", ClipTokenizer.clean("  A\tCat &amp;amp; \n a  DOG\u00a0"));
        assertEquals("caf\u00e9", ClipTokenizer.clean("Cafe\u0301"));
        assertEquals("&unknown; &#0; 'x'", ClipTokenizer.clean("&unknown; &#0; &#39;x&#x27;"));
    }

    @Test
    void mergesGoByRankAndAllAtOnce() throws IOException {
        ClipTokenizer t = small();
        assertEquals(519, t.size());
        assertEquals("the cat", t.decode(t.encode("the cat")).strip());
        assertArrayEquals(new int[] {513, 515}, t.encode("the cat"));
        // "ca" is of higher rank than "at</w>", which goes first and leaves it no "a".
        assertArrayEquals(new int[] {515}, t.encode("CAT"));
        assertEquals(2, t.encode("cab").length);
        assertEquals(516, t.encode("cab")[0]);
    }

    @Test
    void whatGoesInComesOut() throws IOException {
        ClipTokenizer t = small();
        long stream = Philox.stream("test.tokenizer");
        for (int round = 0; round < 200; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 12; i++) {
                int draw = Philox.below(7, stream, 12L * round + i, 3);
                int point = Philox.below(8, stream, 12L * round + i, draw == 0 ? 0x7e - 0x21 : 0xd7ff - 0x21) + 0x21;
                text.appendCodePoint(point);
            }
            String clean = ClipTokenizer.clean(text.toString());
            String back = t.decode(t.encode(text.toString()));
            assertEquals(clean.replaceAll("\\p{IsWhite_Space}", ""), back.replace(" ", ""));
        }
    }

    @Test
    void promptsHaveOneLength() throws IOException {
        ClipTokenizer t = small();
        int[] empty = t.prompt("");
        assertEquals(ClipTokenizer.LENGTH, empty.length);
        assertEquals(t.start(), empty[0]);
        assertEquals(t.end(), empty[1]);
        int[] tooLong = t.prompt("cat ".repeat(100));
        assertEquals(515, tooLong[75]);
        assertEquals(t.end(), tooLong[76]);
        assertArrayEquals(new int[] {t.end()}, t.encode("<|endoftext|>"));
    }

    @Test
    void refusals() throws IOException {
        Path bad = folder.resolve("bad.txt");
        Files.writeString(bad, "#version\nt h\nthe n\n");
        assertEquals(
                bad + ": line 3: is not a merge of two symbols that exist by then",
                assertThrows(FormatException.class, () -> ClipTokenizer.open(bad))
                        .getMessage());
        Files.writeString(bad, "");
        assertThrows(FormatException.class, () -> ClipTokenizer.open(bad));
        assertThrows(IllegalArgumentException.class, () -> small().decode(519));
    }
}
