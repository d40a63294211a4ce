package org.reverie.device.spec;

/**
 * @param scale what q·k is multiplied with, usually 1/√D; it is rounded to f32 first
 * @param causal whether query i may look at keys 0 … i only
 */
public record AttentionSpec(double scale, boolean causal) {}
