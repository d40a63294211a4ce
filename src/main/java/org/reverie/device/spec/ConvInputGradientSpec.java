package org.reverie.device.spec;

/** The convolution whose input's gradient is asked for, and that input's extents, which the output does not tell. */
public record ConvInputGradientSpec(ConvSpec conv, int height, int width) {}
