package org.reverie.device.spec;

/**
 * One step of stochastic gradient descent. All numbers are rounded to f32 before they are used.
 *
 * @param momentum what is kept of the velocity; without effect where there is no velocity
 * @param nesterov whether the step looks ahead along the velocity
 * @param weightDecay added to the gradient times the parameter; 0 leaves it out
 */
public record SgdSpec(double lr, double momentum, boolean nesterov, double weightDecay) {}
