package org.reverie.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Collectors;
import org.reverie.data.DreamSplits;

/** What the commands of Dream-OOD say alike. */
final class DreamWords {
    private DreamWords() {}

    /** Says what images an experiment has. */
    static void describe(DreamSplits data, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s: %,d images to train on, %,d to calibrate, %,d to test, %d classes, %dx%d%n",
                data.train().name(),
                data.train().size(),
                data.validation().size(),
                data.test().size(),
                data.train().classes(),
                data.train().side(),
                data.train().side());
        out.println("foreign: "
                + data.outliers().stream().map(s -> s.name() + " " + s.size()).collect(Collectors.joining(", ")));
        out.flush();
    }
}
