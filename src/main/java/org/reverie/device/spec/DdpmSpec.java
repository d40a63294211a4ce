package org.reverie.device.spec;

/**
 * One ancestral step of a denoising diffusion model, x ← scale·(x − noise·ε) + sigma·z. Rounded to f32 before use.
 *
 * @param scale 1/√αₜ
 * @param noise (1 − αₜ)/√(1 − ᾱₜ)
 * @param sigma the deviation of the fresh noise
 */
public record DdpmSpec(double scale, double noise, double sigma) {}
