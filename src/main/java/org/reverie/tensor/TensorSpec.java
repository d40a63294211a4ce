package org.reverie.tensor;

/** What a tensor looks like without its numbers. */
public record TensorSpec(DType dtype, Shape shape) {
    /** Bytes of a contiguous tensor of this kind. */
    public long bytes() {
        return Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    }

    @Override
    public String toString() {
        return dtype.label() + shape;
    }
}
