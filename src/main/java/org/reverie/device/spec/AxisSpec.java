package org.reverie.device.spec;

/** One axis, counted from the front. */
public record AxisSpec(int axis) {}
