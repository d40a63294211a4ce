package org.reverie.device.spec;

import org.reverie.tensor.DType;

/** The dtype of the result. */
public record CastSpec(DType dtype) {}
