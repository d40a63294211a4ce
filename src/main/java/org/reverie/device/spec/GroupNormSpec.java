package org.reverie.device.spec;

/**
 * @param groups into how many groups of neighbouring channels the last axis is cut
 * @param epsilon added to the variance; it is rounded to f32 first
 * @param activation what follows scale and shift in the same op
 */
public record GroupNormSpec(int groups, double epsilon, Activation activation) {}
