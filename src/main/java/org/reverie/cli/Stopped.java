package org.reverie.cli;

import java.util.concurrent.CancellationException;

/** Thrown where the user's wish to stop has been obeyed, and all that was done is saved. */
final class Stopped extends CancellationException {
    private static final long serialVersionUID = 1;

    Stopped() {
        super("stopped; run the same command again to go on");
    }
}
