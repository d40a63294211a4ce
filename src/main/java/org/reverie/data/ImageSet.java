package org.reverie.data;

import java.io.IOException;
import java.util.List;

/**
 * Images by index, perhaps with labels. Any number of threads may read at the same time. Memory is bounded: IDX and
 * CIFAR sets lie in memory as the bytes of their files, folders and archives decode an image when it is asked for and
 * keep none.
 */
public interface ImageSet extends AutoCloseable {
    /** A short name for reports, for example {@code cifar10} or the folder's name. */
    String name();

    /** Number of images, at least 1. */
    int size();

    /**
     * The image at {@code index}, 0 to {@code size() - 1}; grey images come with three equal channels.
     *
     * @throws org.reverie.io.FormatException when the file behind it is damaged; it names the file, the place and the
     * rule
     */
    Image image(int index) throws IOException;

    /** The class of an image, or −1 when it is not known. */
    int label(int index);

    /** Class names by label; empty when they are not known. */
    List<String> classNames();

    /** What to call one image in a list: a file name, or {@code name[index]}. */
    default String imageName(int index) {
        return name() + "[" + index + "]";
    }

    /** Releases an open archive. Sets that hold nothing open do nothing. */
    @Override
    default void close() throws IOException {}

    /**
     * The first {@code count} images of this set (all of them, if there are fewer). Closing the view closes this set.
     */
    default ImageSet limit(int count) {
        return count >= size() ? this : ImageSubset.first(this, count);
    }

    /** The images at {@code indices}, in that order. Closing the view closes this set. */
    default ImageSet select(int... indices) {
        return new ImageSubset(this, indices.clone());
    }
}
