/**
 * What backends that run the kernels of {@code kernels/common} share: each op's launches with their arguments, and no word of
 * OpenCL or CUDA. A backend brings a {@link org.reverie.device.kernels.KernelQueue} and its own memory.
 */
package org.reverie.device.kernels;
