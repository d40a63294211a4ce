package org.reverie.data;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/** Some images of another set, in an order of their own. */
final class ImageSubset implements ImageSet {
    private final ImageSet set;
    private final int[] indices;

    ImageSubset(ImageSet set, int[] indices) {
        if (indices.length == 0) {
            throw new IllegalArgumentException("a subset of " + set.name() + " needs at least one image");
        }
        for (int i : indices) {
            Objects.checkIndex(i, set.size());
        }
        this.set = set;
        this.indices = indices;
    }

    static ImageSubset first(ImageSet set, int count) {
        return new ImageSubset(set, IntStream.range(0, count).toArray());
    }

    @Override
    public String name() {
        return set.name();
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public Image image(int index) throws IOException {
        return set.image(indices[index]);
    }

    @Override
    public int label(int index) {
        return set.label(indices[index]);
    }

    @Override
    public List<String> classNames() {
        return set.classNames();
    }

    @Override
    public String imageName(int index) {
        return set.imageName(indices[index]);
    }

    @Override
    public void close() throws IOException {
        set.close();
    }
}
