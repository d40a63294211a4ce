package org.reverie.device.kernels;

import java.util.Arrays;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.BatchNormSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * What of a tensor [outer, spatial, groups, channels] has statistics together: each (outer, group), over space and the group's
 * channels.
 *
 * @param activation what follows
 */
public record NormLayout(int outer, int spatial, int groups, int channels, double epsilon, Activation activation) {
    static NormLayout batch(Tensor x, BatchNormSpec s) {
        int c = x.dim(-1);
        return new NormLayout(1, rest(x, c), c, 1, s.epsilon(), Activation.NONE);
    }

    static NormLayout layer(Tensor x, LayerNormSpec s) {
        int size = 1;
        for (int a = 1; a <= s.normalizedAxes(); a++) {
            size *= x.dim(-a);
        }
        return new NormLayout(rest(x, size), 1, 1, size, s.epsilon(), Activation.NONE);
    }

    static NormLayout group(Tensor x, GroupNormSpec s) {
        int c = x.dim(-1);
        return new NormLayout(x.dim(0), rest(x, x.dim(0) * c), s.groups(), c / s.groups(), s.epsilon(), s.activation());
    }

    private static int rest(Tensor x, int part) {
        return part == 0 ? 0 : Math.toIntExact(x.elements() / part);
    }

    private Groups along(Tensor x, int... axes) {
        Shape shape = Shape.of(outer, spatial, groups, channels);
        return Groups.of(
                shape, shape.strides(), x.offset(), Arrays.stream(axes).boxed().toList());
    }

    /** Elements that share a mean, of a contiguous tensor. */
    Groups statistics(Tensor x) {
        return along(x, 1, 3);
    }

    /** Elements that share a weight. */
    Groups parameters(Tensor x) {
        return along(x, 0, 1);
    }

    /** How many means there are. */
    public int means() {
        return outer * groups;
    }

    /** The struct Norm of the kernels. */
    public int[] words(Tensor weight, Tensor bias) {
        return new int[] {
            spatial,
            groups,
            channels,
            weight == null ? 0 : 1,
            bias == null ? 0 : 1,
            activation.ordinal(),
            Float.floatToRawIntBits((float) epsilon)
        };
    }
}
