package org.reverie.device.spec;

import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;

/**
 * Numbers offset, offset + 1, … of a random stream, in row-major order.
 *
 * @param dtype F32, or F64 on a device that computes in it
 */
public record DrawSpec(Shape shape, DType dtype, long seed, long stream, long offset) {}
