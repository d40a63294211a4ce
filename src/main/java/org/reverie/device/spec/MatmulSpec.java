package org.reverie.device.spec;

/** Whether the operands of a matmul are taken with their last two axes swapped. */
public record MatmulSpec(boolean transposeA, boolean transposeB) {}
