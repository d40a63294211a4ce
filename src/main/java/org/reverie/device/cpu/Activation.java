package org.reverie.device.cpu;

/** Activations that a kernel's epilogue can apply. {@code RELU} is {@code max(x, +0)}, {@code RELU6 min(max(x, +0), 6)}. */
public enum Activation {
    NONE,
    RELU,
    RELU6
}
