package org.reverie.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.reverie.models.Progress;

/** A line now and then where there is no terminal to draw a bar on: how far a task is, and how long it will take. */
final class LineProgress implements Progress {
    private static final long EVERY_NANOS = 20_000_000_000L;

    private final Progress shown;
    private final PrintWriter out;
    private final boolean silent;
    private String task = "";
    private long began;
    private long spoken;
    private long from;
    private long last;

    /** @param silent whether {@code shown} says enough, because there is a terminal or nobody wants to know */
    LineProgress(Progress shown, PrintWriter out, boolean silent) {
        this.shown = shown;
        this.out = out;
        this.silent = silent;
    }

    @Override
    public void at(String name, long done, long total, String detail) {
        shown.at(name, done, total, detail);
        long now = System.nanoTime();
        if (!name.equals(task) || done < last) {
            task = name;
            began = now;
            spoken = now;
            from = done;
        }
        last = done;
        if (silent || now - spoken < EVERY_NANOS || done <= from) {
            return;
        }
        spoken = now;
        double left = (now - began) / 1e9 * (total - done) / (done - from);
        out.printf(
                Locale.ROOT,
                "         %s %,d of %,d%s, about %.0f s to go%n",
                name,
                done,
                total,
                detail.isEmpty() ? "" : ", " + detail,
                left);
        out.flush();
    }

    @Override
    public boolean cancelled() {
        return shown.cancelled();
    }
}
