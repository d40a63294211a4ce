package org.reverie.nn;

import org.reverie.tensor.Tensor;

/**
 * A named tensor of a model.
 *
 * @param value lives as long as the model
 * @param layout how it lies in checkpoints
 * @param learnable false for buffers such as running means, which no optimiser changes
 */
public record Parameter(Tensor value, WeightLayout layout, boolean learnable) {}
