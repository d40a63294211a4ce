package org.reverie.tensor;

/**
 * How one element is stored. {@link #F32} is the type the engine computes in; the others are storage that is converted
 * on the way in and out. {@link #F64} exists for checking gradients and for reading files; no fast backend computes in it.
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
}
