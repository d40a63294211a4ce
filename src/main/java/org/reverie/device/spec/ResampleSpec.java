package org.reverie.device.spec;

/** @param reversed whether the result's channels are those of the image from the last to the first */
public record ResampleSpec(boolean reversed) {}
