package org.reverie.device.spec;

import java.util.List;

/** A list of axes, counted from the front: the order of a permutation. */
public record AxesSpec(List<Integer> axes) {}
