package org.reverie.models;

import java.util.Map;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * A batch norm in inference is a scale and a shift of each channel, which go into the convolution before it. The fold is
 * done once, in binary64, and rounded to f32.
 *
 * @param prefix the batch norm's name in the checkpoint: {@code prefix.weight}, {@code .bias}, {@code .running_mean},
 *     {@code .running_var}
 */
record BatchNormFold(String prefix, double eps) {
    private double[] scale(Map<String, HostTensor> state) {
        HostTensor gamma = state.get(prefix + ".weight");
        HostTensor variance = state.get(prefix + ".running_var");
        double[] s = new double[(int) gamma.shape().elements()];
        for (int c = 0; c < s.length; c++) {
            s[c] = gamma.get(c) / Math.sqrt(variance.get(c) + eps);
        }
        return s;
    }

    /** A weight whose first axis is the output channel, scaled. */
    HostTensor weight(Map<String, HostTensor> state, HostTensor weight) {
        double[] scale = scale(state);
        float[] w = weight.toFloats();
        int each = w.length / scale.length;
        for (int i = 0; i < w.length; i++) {
            w[i] = (float) (w[i] * scale[i / each]);
        }
        return HostTensor.of(weight.shape(), w);
    }

    /** The shift, with the convolution's own bias (null if it has none) scaled into it. */
    HostTensor bias(Map<String, HostTensor> state, HostTensor bias) {
        double[] scale = scale(state);
        HostTensor beta = state.get(prefix + ".bias");
        HostTensor mean = state.get(prefix + ".running_mean");
        float[] b = new float[scale.length];
        for (int c = 0; c < b.length; c++) {
            double own = bias == null ? 0 : bias.get(c);
            b[c] = (float) (beta.get(c) + (own - mean.get(c)) * scale[c]);
        }
        return HostTensor.of(Shape.of(b.length), b);
    }
}
