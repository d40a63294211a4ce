package org.reverie.ood.dream;

import java.util.List;
import java.util.concurrent.CancellationException;
import org.reverie.models.Progress;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The features of all classes in the space of the text's tokens.
 *
 * @param features {@code [classes, n, d]}, of any length
 * @param anchors the token embedding of each class {@code [classes, d]}; embeddings get its length
 */
public record EmbeddingBank(HostTensor features, HostTensor anchors) {
    /** @throws IllegalArgumentException if the extents do not agree or the numbers are integers */
    public EmbeddingBank {
        Shape f = features.shape();
        Shape a = anchors.shape();
        if (f.rank() != 3 || a.rank() != 2 || f.dim(0) != a.dim(0) || f.dim(2) != a.dim(1)) {
            throw new IllegalArgumentException("features [classes, n, d] and anchors [classes, d] are needed, but their"
                    + " shapes are " + f + " and " + a);
        }
        if (!features.dtype().isFloating() || !anchors.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "features and anchors must be floating, not " + features.dtype() + " and " + anchors.dtype());
        }
    }

    public int classes() {
        return features.shape().dim(0);
    }

    /**
     * Draws embeddings of every class: F32 {@code [classes, how.count(), d]}.
     *
     * @throws CancellationException if {@code progress} cancels
     */
    public HostTensor draw(Device device, EmbeddingSampling how, long seed, Progress progress) {
        int d = features.shape().dim(2);
        EmbeddingSampler sampler = new EmbeddingSampler(how, seed);
        HostTensor all = HostTensor.allocate(DType.F32, Shape.of(classes(), how.count(), d));
        long each = 4L * how.count() * d;
        for (int c = 0; c < classes(); c++) {
            try (Scope scope = Scope.open()) {
                Tensor own = features(device, c);
                double squares = 0;
                for (float v : part(anchors, c)) {
                    squares += (double) v * v;
                }
                HostTensor drawn = sampler.draw(own, Math.sqrt(squares), c);
                all.data().asSlice(c * each, each).copyFrom(drawn.data());
            }
            progress.at("drawing embeddings", c + 1L, classes(), "");
            if (progress.cancelled()) {
                throw new CancellationException(
                        "drawing was stopped after " + (c + 1) + " of " + classes() + " classes");
            }
        }
        return all;
    }

    /** Embeddings of the same classes one behind the other: {@code [classes, n₁, d]}, … to {@code [classes, n₁ + …, d]}. */
    public static HostTensor pool(List<HostTensor> parts) {
        Shape first = parts.getFirst().shape();
        int n = parts.stream().mapToInt(p -> p.shape().dim(1)).sum();
        HostTensor all = HostTensor.allocate(DType.F32, Shape.of(first.dim(0), n, first.dim(2)));
        long at = 0;
        for (int c = 0; c < first.dim(0); c++) {
            for (HostTensor p : parts) {
                long each = 4L * p.shape().dim(1) * first.dim(2);
                all.data().asSlice(at, each).copyFrom(p.data().asSlice(c * each, each));
                at += each;
            }
        }
        return all;
    }

    /** The features of a class {@code [n, d]} on a device. */
    Tensor features(Device device, int number) {
        return Tensor.of(
                device, Shape.of(features.shape().dim(1), features.shape().dim(2)), part(features, number));
    }

    /** Element c along the first axis. */
    private static float[] part(HostTensor t, int c) {
        Shape shape = t.shape().without(0);
        long bytes = shape.elements() * t.dtype().bytes();
        return new HostTensor(t.dtype(), shape, t.data().asSlice(c * bytes, bytes)).toFloats();
    }
}
