package org.reverie.nn;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** How a parameter's axes lie in a PyTorch checkpoint and in the engine, and the way between the two. */
public enum WeightLayout {
    /** The same in both: vectors, and linear weights {@code [out, in]}. */
    PLAIN,
    /** Convolution: {@code [out, in, kh, kw]} in files, {@code [out, kh, kw, in]} here. */
    CONV,
    /** Depthwise convolution: {@code [channels, 1, kh, kw]} in files, {@code [kh, kw, channels]} here. */
    DEPTHWISE,
    /** Normalisation over a whole image: {@code [channels, h, w]} in files, {@code [h, w, channels]} here. */
    IMAGE;

    /** The engine's shape of a parameter that has the given shape in a file. */
    public Shape fromFile(Shape s) {
        return switch (this) {
            case PLAIN -> s;
            case CONV -> Shape.of(s.dim(0), s.dim(2), s.dim(3), s.dim(1));
            case DEPTHWISE -> Shape.of(s.dim(2), s.dim(3), s.dim(0));
            case IMAGE -> Shape.of(s.dim(1), s.dim(2), s.dim(0));
        };
    }

    /** The shape in a file of a parameter that has the given shape in the engine. */
    public Shape toFile(Shape s) {
        return switch (this) {
            case PLAIN -> s;
            case CONV -> Shape.of(s.dim(0), s.dim(3), s.dim(1), s.dim(2));
            case DEPTHWISE -> Shape.of(s.dim(2), 1, s.dim(0), s.dim(1));
            case IMAGE -> Shape.of(s.dim(2), s.dim(0), s.dim(1));
        };
    }

    public HostTensor fromFile(HostTensor t) {
        return switch (this) {
            case PLAIN -> t;
            case CONV -> permute(t, 0, 2, 3, 1);
            case DEPTHWISE -> permute(t, 2, 3, 0, 1).reshape(fromFile(t.shape()));
            case IMAGE -> permute(t, 1, 2, 0);
        };
    }

    public HostTensor toFile(HostTensor t) {
        return switch (this) {
            case PLAIN -> t;
            case CONV -> permute(t, 0, 3, 1, 2);
            case DEPTHWISE -> permute(t, 2, 0, 1).reshape(toFile(t.shape()));
            case IMAGE -> permute(t, 2, 0, 1);
        };
    }

    private static HostTensor permute(HostTensor t, int... order) {
        int rank = order.length;
        long[] from = t.shape().strides();
        int[] extents = new int[rank];
        for (int a = 0; a < rank; a++) {
            extents[a] = t.shape().dim(order[a]);
        }
        HostTensor out = HostTensor.allocate(t.dtype(), Shape.of(extents));
        int size = t.dtype().bytes();
        int[] index = new int[rank];
        long at = 0;
        for (long i = 0; i < out.shape().elements(); i++) {
            MemorySegment.copy(t.data(), at * size, out.data(), i * size, size);
            for (int a = rank - 1; a >= 0; a--) {
                at += from[order[a]];
                if (++index[a] < extents[a]) {
                    break;
                }
                at -= from[order[a]] * extents[a];
                index[a] = 0;
            }
        }
        return out;
    }
}
