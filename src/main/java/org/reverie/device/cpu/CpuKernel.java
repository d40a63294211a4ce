package org.reverie.device.cpu;

import org.reverie.device.KernelCall;

/** Computes one op on host tensors. */
@FunctionalInterface
public interface CpuKernel {
    void run(KernelCall call);
}
