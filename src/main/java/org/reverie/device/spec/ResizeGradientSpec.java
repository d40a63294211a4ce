package org.reverie.device.spec;

/** The resizing whose gradient is asked for, and its image's extents. */
public record ResizeGradientSpec(ResizeSpec resize, int height, int width) {}
