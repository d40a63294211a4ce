package org.reverie.device.spec;

import java.util.List;

/**
 * What a variance runs over.
 *
 * @param axes ascending, counted from the front
 * @param keepDims whether the reduced axes stay with extent 1
 * @param correction what is taken off the number of elements that the squares are divided by: 0 biased, 1 unbiased
 */
public record VarianceSpec(List<Integer> axes, boolean keepDims, int correction) {
    public ReduceSpec reduction() {
        return new ReduceSpec(axes, keepDims);
    }
}
