package org.reverie.device.cpu;

/**
 * A contiguous tensor seen as [outer, spatial, groups, channels]. Each (outer, group) has a mean and a variance over
 * its spatial · channels elements in row-major order; each (group, channel) has a scale and a shift. Batch norm has
 * outer 1 and channels 1; layer norm has spatial 1 and groups 1; group norm of an image has outer = images, spatial =
 * pixels.
 */
public record NormGeometry(int outer, int spatial, int groups, int channels) {
    /** Elements that share a mean. */
    public int size() {
        return Math.multiplyExact(spatial, channels);
    }

    /** Statistics: means, and as many variances. */
    public int statistics() {
        return outer * groups;
    }

    /** Numbers of scale and of shift. */
    public int parameters() {
        return groups * channels;
    }

    /** Rows of {@link #parameters} elements. */
    public int rows() {
        return Math.multiplyExact(outer, spatial);
    }
}
