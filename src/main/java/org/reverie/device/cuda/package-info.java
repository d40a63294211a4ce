/**
 * CUDA devices, by way of the driver's library alone, called through the foreign function interface. The kernels are
 * {@code kernels/cuda} of the source tree, which the build compiles and the jar carries. docs/cuda.md has the whole picture.
 */
package org.reverie.device.cuda;
