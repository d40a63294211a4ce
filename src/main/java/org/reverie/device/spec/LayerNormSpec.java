package org.reverie.device.spec;

/**
 * @param normalizedAxes how many of the last axes are normalised together
 * @param epsilon added to the variance; it is rounded to f32 first
 */
public record LayerNormSpec(int normalizedAxes, double epsilon) {}
