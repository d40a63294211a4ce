package org.reverie.data;

import java.util.Locale;

/** Which part of a data set is meant. */
public enum Split {
    TRAIN,
    TEST;

    /** Parses {@code train} or {@code test}, whatever the case. */
    public static Split of(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "train" -> TRAIN;
            case "test" -> TEST;
            default -> throw new IllegalArgumentException("a split is train or test, not \"" + text + "\"");
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
