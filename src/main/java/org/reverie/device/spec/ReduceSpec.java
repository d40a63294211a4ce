package org.reverie.device.spec;

import java.util.List;

/**
 * What a reduction runs over.
 *
 * @param axes ascending, counted from the front
 * @param keepDims whether the reduced axes stay with extent 1
 */
public record ReduceSpec(List<Integer> axes, boolean keepDims) {}
