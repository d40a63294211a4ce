package org.reverie.models.clip;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.reverie.io.FormatException;

/**
 * CLIP's tokenizer: byte-level byte-pair encoding of lower-cased text (openai/CLIP, {@code simple_tokenizer.py}).
 *
 * <p>The ids are, in order: the 256 bytes, the 256 bytes that end a word, one for each merge, the start of a text and its
 * end. With the published 48,894 merges that makes 49,408, start 49406 and end 49407. The original also repairs text that
 * went through a wrong character set; here it is only brought into Unicode's composed form.
 */
public final class ClipTokenizer {
    /** Merges that the published model uses; its vocabulary file holds more. */
    public static final int MERGES = 48_894;

    /** Ids of a whole prompt. */
    public static final int LENGTH = 77;

    private static final String WORD_END = "</w>";
    private static final String START = "<|startoftext|>";
    private static final String END = "<|endoftext|>";
    private static final Pattern PIECES = Pattern.compile(
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{IsWhite_Space}\\p{L}\\p{N}]+");
    private static final String[] SYMBOL_OF_BYTE = symbols();

    private record Pair(String left, String right) {}

    private final Map<Pair, Integer> ranks = new HashMap<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final Map<String, int[]> known = new HashMap<>();
    private final String[] symbols;

    private ClipTokenizer(List<Pair> merges) {
        List<String> all = new ArrayList<>();
        for (int b : byteOrder()) {
            all.add(SYMBOL_OF_BYTE[b]);
        }
        all.addAll(all.stream().map(s -> s + WORD_END).toList());
        for (Pair p : merges) {
            ranks.put(p, ranks.size());
            all.add(p.left + p.right);
        }
        all.add(START);
        all.add(END);
        symbols = all.toArray(String[]::new);
        for (int i = 0; i < symbols.length; i++) {
            ids.put(symbols[i], i);
        }
    }

    /**
     * Reads a vocabulary: {@code bpe_simple_vocab_16e6.txt}, gzipped or not, or the {@code merges.txt} of a diffusers
     * folder. The first line is a comment; then comes one merge on each line, two symbols with a space between.
     *
     * @throws FormatException if a line is not a merge of two symbols that exist by then
     */
    public static ClipTokenizer open(Path file) throws IOException {
        List<Pair> merges = new ArrayList<>();
        Set<String> made = new HashSet<>();
        for (String s : SYMBOL_OF_BYTE) {
            made.add(s);
            made.add(s + WORD_END);
        }
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(text(file), StandardCharsets.UTF_8))) {
            String line = reader.readLine();
            if (line == null) {
                throw new FormatException(file.toString(), "", "is empty");
            }
            for (int n = 2; merges.size() < MERGES && (line = reader.readLine()) != null; n++) {
                if (line.isEmpty()) {
                    continue;
                }
                String[] two = line.split(" ", -1);
                if (two.length != 2 || !made.contains(two[0]) || !made.contains(two[1])) {
                    throw new FormatException(
                            file.toString(), "line " + n, "is not a merge of two symbols that exist by then");
                }
                merges.add(new Pair(two[0], two[1]));
                made.add(two[0] + two[1]);
            }
        }
        return new ClipTokenizer(merges);
    }

    private static InputStream text(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file.toString(), "", "is not a regular file");
        }
        PushbackInputStream in = new PushbackInputStream(Files.newInputStream(file), 2);
        byte[] magic = in.readNBytes(2);
        in.unread(magic);
        boolean gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
        return gzip ? new GZIPInputStream(in, 1 << 16) : in;
    }

    /** How many ids there are. */
    public int size() {
        return symbols.length;
    }

    /** The id before every text. */
    public int start() {
        return symbols.length - 2;
    }

    /** The id after every text, which also fills what is left of {@link #LENGTH}. */
    public int end() {
        return symbols.length - 1;
    }

    /**
     * The ids of a prompt for the text encoder: start, the text's ids, end up to {@link #LENGTH}. What does not fit is cut
     * off, and the last id is the end still.
     */
    public int[] prompt(String text) {
        int[] inner = encode(text);
        int[] out = new int[LENGTH];
        Arrays.fill(out, end());
        out[0] = start();
        System.arraycopy(inner, 0, out, 1, Math.min(inner.length, LENGTH - 2));
        return out;
    }

    /** The ids of a text alone, without start and end. */
    public int[] encode(String text) {
        List<int[]> words = new ArrayList<>();
        int count = 0;
        Matcher m = PIECES.matcher(clean(text));
        while (m.find()) {
            int[] word = known.computeIfAbsent(m.group(), this::word);
            words.add(word);
            count += word.length;
        }
        int[] out = new int[count];
        int at = 0;
        for (int[] word : words) {
            System.arraycopy(word, 0, out, at, word.length);
            at += word.length;
        }
        return out;
    }

    /** The text of ids, with a space after every word; start and end are left out. */
    public String decode(int... tokens) {
        StringBuilder all = new StringBuilder();
        for (int id : tokens) {
            if (id < 0 || id >= symbols.length) {
                throw new IllegalArgumentException("token " + id + " is not in 0 … " + (symbols.length - 1));
            }
            if (id < start()) {
                all.append(symbols[id].replace(WORD_END, " "));
            }
        }
        byte[] bytes = new byte[all.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) byteOfSymbol(all.charAt(i));
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Text as CLIP sees it: composed, HTML entities resolved twice, runs of white space one space, lower case. */
    static String clean(String text) {
        String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
        String plain = HtmlEntities.resolve(HtmlEntities.resolve(composed));
        return Pattern.compile("\\p{IsWhite_Space}+")
                .matcher(plain)
                .replaceAll(" ")
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** Merges the neighbours of lowest rank until none is left; all occurrences of a pair at once, from the left. */
    private int[] word(String piece) {
        if (piece.equals(START) || piece.equals(END)) {
            return new int[] {ids.get(piece)};
        }
        List<String> parts = new ArrayList<>();
        for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
            parts.add(SYMBOL_OF_BYTE[b & 0xff]);
        }
        parts.set(parts.size() - 1, parts.getLast() + WORD_END);
        for (Pair best = best(parts); best != null; best = best(parts)) {
            List<String> merged = new ArrayList<>();
            for (int i = 0; i < parts.size(); i++) {
                boolean here = i + 1 < parts.size()
                        && parts.get(i).equals(best.left)
                        && parts.get(i + 1).equals(best.right);
                merged.add(here ? best.left + best.right : parts.get(i));
                i += here ? 1 : 0;
            }
            parts = merged;
        }
        return parts.stream().mapToInt(ids::get).toArray();
    }

    private Pair best(List<String> parts) {
        Pair best = null;
        int rank = Integer.MAX_VALUE;
        for (int i = 0; i + 1 < parts.size(); i++) {
            Pair p = new Pair(parts.get(i), parts.get(i + 1));
            Integer r = ranks.get(p);
            if (r != null && r < rank) {
                best = p;
                rank = r;
            }
        }
        return best;
    }

    private static boolean printable(int b) {
        return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
    }

    /** The bytes in the order of their ids: those that print, then the others. */
    private static int[] byteOrder() {
        int[] order = new int[256];
        int n = 0;
        for (boolean print : new boolean[] {true, false}) {
            for (int b = 0; b < 256; b++) {
                if (printable(b) == print) {
                    order[n++] = b;
                }
            }
        }
        return order;
    }

    /** Bytes that print stand for themselves, the others for the characters from 256 on. */
    private static String[] symbols() {
        String[] symbols = new String[256];
        int next = 256;
        for (int b = 0; b < 256; b++) {
            symbols[b] = String.valueOf((char) (printable(b) ? b : next++));
        }
        return symbols;
    }

    /** The space between words is its own; every other character is a byte's symbol. */
    private static int byteOfSymbol(char c) {
        if (c < 256) {
            return c;
        }
        int next = 256;
        for (int b = 0; b < 256; b++) {
            if (!printable(b) && next++ == c) {
                return b;
            }
        }
        throw new IllegalStateException("no byte has the symbol " + c);
    }
}
