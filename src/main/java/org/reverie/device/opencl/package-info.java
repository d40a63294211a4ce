/**
 * OpenCL devices, by way of JOCL. The kernels are the texts under {@code kernels/} of the source tree, which the jar carries;
 * they are compiled for a device when an op first needs them. docs/opencl.md has the whole picture.
 */
package org.reverie.device.opencl;
