package org.reverie.device.spec;

/** @param epsilon added to the variance; it is rounded to f32 first */
public record BatchNormSpec(double epsilon) {}
