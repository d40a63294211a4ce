package org.reverie.numerics;

/** The constants of the bit contract (docs/numerics.md). Changing one changes results on every backend at once. */
public final class Contract {
    /** Version of the rules below and of the stream layout of {@code random.Philox}. */
    public static final int VERSION = 1;

    /** Rule 2: a contraction's K is cut into chunks of this many terms; chunk sums are added by the pairwise tree. */
    public static final int CHUNK = 256;

    /** Rule 3: lanes of a reduction. Lane l adds elements l, l + 32, l + 64, … */
    public static final int LANES = 32;

    /** Rule 3: elements in one segment of a reduction; longer ones reduce the segments' results by the same rule. */
    public static final int SEGMENT = 4096;

    /** Rule 4: keys in one block of attention; the running maximum is rescaled once per block. */
    public static final int KEY_BLOCK = 64;

    private Contract() {}
}
