package org.reverie.nn;

import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Draws initial parameters. Each parameter has a stream of its own, named by the seed and the parameter's name, so its
 * numbers depend neither on the device nor on the other parameters.
 *
 * @param drawn false leaves the parameters undefined, for models that are loaded before they are used
 * @param weights dtype of the parameters with two axes and more; vectors (biases, scales) are F32
 */
public record Initializer(Device device, long seed, String prefix, boolean drawn, DType weights) {
    public Initializer(Device device, long seed) {
        this(device, seed, "");
    }

    public Initializer(Device device, long seed, String prefix) {
        this(device, seed, prefix, true, DType.F32);
    }

    /** For a model whose parameters come from a checkpoint: they are allocated and nothing more. */
    public static Initializer undefined(Device device) {
        return new Initializer(device, 0, "", false, DType.F32);
    }

    /** For a model whose weights take half the memory: F16 or BF16. Names and numbers drawn are the same. */
    public Initializer withWeights(DType type) {
        return new Initializer(device, seed, prefix, drawn, type);
    }

    /** For a part of a model: names are prefixed, so that equal parts start differently. */
    public Initializer in(String part) {
        return new Initializer(device, seed, prefix + part + ".", drawn, weights);
    }

    /** Uniform in [−bound, bound). PyTorch's default for linear and convolution layers has bound 1/√fanIn. */
    public Tensor uniform(String name, Shape shape, double bound) {
        if (!drawn) {
            return Tensor.empty(device, dtype(shape), shape);
        }
        long stream = Philox.stream("init." + prefix + name);
        float[] values = new float[Math.toIntExact(shape.elements())];
        float b = (float) bound;
        for (int i = 0; i < values.length; i++) {
            values[i] = b * (2 * Philox.uniform(seed, stream, i) - 1);
        }
        return Tensor.from(device, HostTensor.of(shape, values).as(dtype(shape)));
    }

    /** Normal with mean 0 and the given deviation. */
    public Tensor normal(String name, Shape shape, double deviation) {
        if (!drawn) {
            return Tensor.empty(device, dtype(shape), shape);
        }
        long stream = Philox.stream("init." + prefix + name);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) deviation * Philox.normal(seed, stream, i);
        }
        return Tensor.from(device, HostTensor.of(shape, values).as(dtype(shape)));
    }

    /** Every element the same. */
    public Tensor constant(Shape shape, float value) {
        if (!drawn) {
            return Tensor.empty(device, dtype(shape), shape);
        }
        float[] values = new float[Math.toIntExact(shape.elements())];
        java.util.Arrays.fill(values, value);
        return Tensor.from(device, HostTensor.of(shape, values).as(dtype(shape)));
    }

    private DType dtype(Shape shape) {
        return shape.rank() > 1 ? weights : DType.F32;
    }
}
