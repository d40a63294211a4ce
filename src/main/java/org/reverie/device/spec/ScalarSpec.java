package org.reverie.device.spec;

/** One number beside a tensor. It is rounded to f32 before it is used. */
public record ScalarSpec(double value) {}
