package org.reverie.device.spec;

/** The interval that numbers are held to. Both ends are rounded to f32 before they are used. */
public record ClampSpec(double low, double high) {}
