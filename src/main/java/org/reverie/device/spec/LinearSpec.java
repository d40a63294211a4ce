package org.reverie.device.spec;

/** What follows a linear layer's contraction, bias and residual in the same op. */
public record LinearSpec(Activation activation) {
    public static final LinearSpec NONE = new LinearSpec(Activation.NONE);
}
