package org.reverie.device.spec;

/**
 * Where the elements of a slice go back to.
 *
 * @param slice the slice
 * @param extent the extent of the axis in the whole tensor
 */
public record ScatterSpec(SliceSpec slice, int extent) {}
