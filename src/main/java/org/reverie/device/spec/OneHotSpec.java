package org.reverie.device.spec;

import org.reverie.tensor.DType;

/**
 * @param classes the extent of the new last axis
 * @param dtype F32, or F64 on a device that computes in it
 */
public record OneHotSpec(int classes, DType dtype) {}
