package org.reverie.device.opencl;

import org.reverie.device.KernelCall;

/** Enqueues what computes a call's outputs. */
interface ClKernel {
    void run(KernelCall call);
}
