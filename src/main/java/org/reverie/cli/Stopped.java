package org.reverie.cli;

/** Thrown where the user's wish to stop has been obeyed: what could be saved is saved. */
final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stopped() {
        super("stopped; run the same command again to go on", null, false, false);
    }
}
