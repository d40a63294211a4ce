package org.reverie.device.spec;

/** The functions that may follow a contraction or a normalisation in the same op. */
public enum Activation {
    NONE,
    RELU,
    RELU6,
    SILU,
    GELU,
    GELU_TANH,
    QUICK_GELU,
    SIGMOID,
    TANH
}
