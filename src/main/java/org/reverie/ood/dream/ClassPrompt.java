package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.reverie.io.FormatException;
import org.reverie.models.clip.ClipTokenizer;

/**
 * What a text-to-image model is asked for when it imagines a class, and which token is given another embedding. Of a word that
 * is several tokens the first is replaced, as the paper's program does.
 *
 * @param phrase what the prompt names, such as {@code aquarium fish}
 * @param word whose first token is replaced, such as {@code fish}; it must occur in the phrase as the same tokens
 */
public record ClassPrompt(String phrase, String word) {
    private static final String BEGINNING = "A high-quality image of the ";

    /** The official program's additions to words of several meanings, and what it means to ask for a nail. */
    private static final Map<String, String> PHRASES = Map.of(
            "kite", "kite bird",
            "quail", "quail bird",
            "chest", "chest box",
            "tick", "tick bite",
            "stingray", "stingray in the water",
            "ox", "ox animal",
            "impala", "impala animal",
            "nail", "wire nail");

    /** The class of a word alone. */
    public static ClassPrompt of(String word) {
        return new ClassPrompt(PHRASES.getOrDefault(word, word), word);
    }

    /**
     * Reads classes from a text file, one on each line: a word, or a phrase, a tab, and the word in it that is replaced. Empty
     * lines are passed over.
     */
    public static List<ClassPrompt> read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file.toString(), "", "is not a regular file");
        }
        List<ClassPrompt> classes = new ArrayList<>();
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        for (int n = 0; n < lines.size(); n++) {
            String[] parts = lines.get(n).strip().split("\\s*\\t\\s*");
            if (parts.length > 2) {
                throw new FormatException(file.toString(), "line " + (n + 1), "has more than a phrase and a word");
            }
            if (!parts[0].isEmpty()) {
                classes.add(parts.length == 1 ? of(parts[0]) : new ClassPrompt(parts[0], parts[1]));
            }
        }
        return classes;
    }

    /** The whole prompt. */
    public String prompt() {
        return BEGINNING + phrase;
    }

    /** How many tokens the word is. */
    public int pieces(ClipTokenizer tokenizer) {
        return tokenizer.encode(word).length;
    }

    /**
     * The token that is replaced.
     *
     * @throws IllegalArgumentException if it does not occur in the prompt: then every picture would be an ordinary one of the
     *     class
     */
    public int token(ClipTokenizer tokenizer) {
        int[] ids = tokenizer.encode(word);
        if (ids.length == 0) {
            throw new IllegalArgumentException("the class \"" + word + "\" is no word");
        }
        if (IntStream.of(tokenizer.prompt(prompt())).noneMatch(id -> id == ids[0])) {
            throw new IllegalArgumentException("the token " + tokenizer.decode(ids[0]) + " of \"" + word
                    + "\" does not occur in the prompt \"" + prompt() + "\", so nothing would be imagined");
        }
        return ids[0];
    }
}
