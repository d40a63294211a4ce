package org.reverie.device.spec;

/** The extents that an image is resized to, and how. */
public record ResizeSpec(Mode mode, int height, int width) {
    /** Where output pixels look in the image. */
    public enum Mode {
        /** Pixel i is a copy of pixel ⌊i·in/out⌋. */
        NEAREST,
        /** Linear between the two pixels around i·(in − 1)/(out − 1): the corners of both images coincide. */
        ALIGN_CORNERS,
        /** Linear between the two pixels around (i + ½)·in/out − ½, clamped to the image: the edges coincide. */
        HALF_PIXEL,
        /** As HALF_PIXEL, but the triangle widens with the scale when the image shrinks, as Pillow's does. */
        ANTIALIAS
    }
}
