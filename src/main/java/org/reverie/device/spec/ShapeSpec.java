package org.reverie.device.spec;

import org.reverie.tensor.Shape;

/** The shape that a view takes. */
public record ShapeSpec(Shape shape) {}
