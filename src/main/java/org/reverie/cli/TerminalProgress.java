package org.reverie.cli;

import java.io.Console;
import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.reverie.models.Progress;

/**
 * A bar on the terminal for each task, gone when the task is done; nothing where there is no terminal. It also carries the
 * user's wish to stop to the work.
 */
final class TerminalProgress implements Progress, AutoCloseable {
    private static final int WIDTH = 100;
    private static final int UPDATE_MILLIS = 200;

    private final PrintStream terminal;
    private final Interruption interruption;
    private String task;
    private ProgressBar bar;

    /** @param terminal where the bars are drawn; null draws none */
    TerminalProgress(PrintStream terminal, Interruption interruption) {
        this.terminal = terminal;
        this.interruption = interruption;
    }

    /** Standard error if the program talks to a terminal, else null. */
    static PrintStream terminal() {
        Console console = System.console();
        return console != null && console.isTerminal() ? System.err : null;
    }

    @Override
    public void at(String name, long done, long total, String detail) {
        if (terminal == null) {
            return;
        }
        if (!name.equals(task)) {
            close();
            task = name;
            bar = new ProgressBarBuilder()
                    .setTaskName(name)
                    .setInitialMax(total)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(UPDATE_MILLIS)
                    .setConsumer(new ConsoleProgressBarConsumer(terminal, WIDTH))
                    .clearDisplayOnFinish()
                    .build();
        }
        bar.maxHint(total);
        bar.stepTo(done);
        bar.setExtraMessage(detail);
        if (done >= total) {
            close();
        }
    }

    @Override
    public boolean cancelled() {
        return interruption.requested();
    }

    /** Takes the bar off the terminal. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
            task = null;
        }
    }
}
