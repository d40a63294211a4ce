package org.reverie.device.spec;

import java.util.List;

/**
 * What is put around a tensor, axis by axis; nothing is negative.
 *
 * @param value rounded to f32 before it is used
 */
public record PadSpec(List<Integer> before, List<Integer> after, double value) {}
