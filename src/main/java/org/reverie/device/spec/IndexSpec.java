package org.reverie.device.spec;

/**
 * An axis that indices point into, and its extent.
 *
 * @param axis counted from the front
 */
public record IndexSpec(int axis, int extent) {}
