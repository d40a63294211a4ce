package org.reverie.device.spec;

/** The pooling whose gradient is asked for, and its image's extents, which the output does not tell. */
public record PoolGradientSpec(PoolSpec pool, int height, int width) {}
