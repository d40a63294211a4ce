package org.reverie.device;

/**
 * How to open a backend.
 *
 * @param lanes vector width in bits: 128, 256, 512, or 0 for the machine's widest
 * @param threads worker threads, or 0 for one to a core
 * @param arithmetic whether results have the bits of the contract
 * @param trace where to write down what runs when, or null; the backend closes it
 */
public record BackendOptions(int lanes, int threads, Arithmetic arithmetic, Trace trace) {
    public static final BackendOptions DEFAULT = new BackendOptions(0, 0);

    /** Options of an exact backend. */
    public BackendOptions(int lanes, int threads) {
        this(lanes, threads, Arithmetic.EXACT);
    }

    /** Options of a backend without a trace. */
    public BackendOptions(int lanes, int threads, Arithmetic arithmetic) {
        this(lanes, threads, arithmetic, null);
    }

    public BackendOptions {
        if (lanes != 0 && lanes != 128 && lanes != 256 && lanes != 512) {
            throw new IllegalArgumentException("lanes must be 128, 256 or 512 (bits), not " + lanes);
        }
        if (threads < 0 || threads > 1024) {
            throw new IllegalArgumentException("threads must be between 1 and 1024, not " + threads);
        }
    }
}
