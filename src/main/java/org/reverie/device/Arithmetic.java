package org.reverie.device;

/** What a backend promises about its results. */
public enum Arithmetic {
    /** The bits of the contract (docs/numerics.md), the same on every device. */
    EXACT,

    /**
     * Any order of summation, where that is faster: the same bits only from run to run on the same device with the same options.
     * docs/speed.md says which kernels differ, by how much, and what it gains.
     */
    FAST
}
