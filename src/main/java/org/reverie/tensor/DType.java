package org.reverie.tensor;

/**
 * How one element is stored. {@link #F32} is the type the engine computes in; ops read and write the low types {@link #F16}
 * and {@link #BF16} too (docs/numerics.md, section 9). {@link #F64} exists for checking gradients and for reading files; no
 * fast backend computes in it.
 */
public enum DType {
    F32(4, true),
    F16(2, true),
    BF16(2, true),
    I32(4, false),
    I64(8, false),
    U8(1, false),
    F64(8, true);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    public boolean isFloating() {
        return floating;
    }

    /** Whether it is floating with less than the precision of F32. */
    public boolean isLow() {
        return this == F16 || this == BF16;
    }

    /** As it is written in messages and on the command line, for example {@code bf16}. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
