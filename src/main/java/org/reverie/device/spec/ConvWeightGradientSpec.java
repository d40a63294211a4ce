package org.reverie.device.spec;

/** The convolution whose weight's gradient is asked for, and that kernel's extents. */
public record ConvWeightGradientSpec(ConvSpec conv, int kernelHeight, int kernelWidth) {}
