package org.reverie.diffusion;

/** Hears of each finished step of a sampler, and may stop it. */
@FunctionalInterface
public interface Progress {
    Progress NONE = (done, total) -> true;

    /** Returns whether to go on; false makes the sampler throw a {@link java.util.concurrent.CancellationException}. */
    boolean step(int done, int total);
}
