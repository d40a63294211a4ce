package org.reverie.device.spec;

/**
 * One step of a diffusion sampler as a linear combination, x ← signal·x + prediction·f + sigma·z. Rounded to f32 before
 * use.
 *
 * @param signal the factor of the present state
 * @param prediction the factor of what the network predicted
 * @param sigma the deviation of the fresh noise
 */
public record DdimSpec(double signal, double prediction, double sigma) {}
