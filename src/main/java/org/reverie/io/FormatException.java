package org.reverie.io;

import java.io.IOException;

/**
 * A file breaks a rule of its format. The message is one line: the file, the place in it (a byte offset or the name of
 * an entry), and the rule that is broken.
 */
public final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_PART = 300;

    private final String file;
    private final String place;
    private final String rule;

    /**
     * @param file the file's name, as the user gave it
     * @param place byte offset or entry name; empty when the rule is about the file as a whole
     * @param rule what is wrong, as a statement about the place
     */
    public FormatException(String file, String place, String rule) {
        super(place.isEmpty() ? line(file) + ": " + line(rule) : line(file) + ": " + line(place) + ": " + line(rule));
        this.file = file;
        this.place = place;
        this.rule = rule;
    }

    public FormatException(String file, String place, String rule, Throwable cause) {
        this(file, place, rule);
        initCause(cause);
    }

    public String file() {
        return file;
    }

    public String place() {
        return place;
    }

    public String rule() {
        return rule;
    }

    /** Text out of a hostile file must not break the line, colour the terminal or fill the screen. */
    private static String line(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (out.length() >= LONGEST_PART) {
                return out.append('…').toString();
            }
            char c = text.charAt(i);
            boolean plain = c >= ' ' && c != 0x7f && !(c >= 0x80 && c < 0xa0) && !breaksOrReorders(c);
            out.append(plain ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return out.toString();
    }

    private static boolean breaksOrReorders(char c) {
        return Character.getType(c) == Character.FORMAT
                || Character.getType(c) == Character.LINE_SEPARATOR
                || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
                || Character.isSurrogate(c);
    }
}
