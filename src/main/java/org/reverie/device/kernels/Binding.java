package org.reverie.device.kernels;

import org.reverie.device.KernelCall;

/** Enqueues what computes a call's outputs. */
@FunctionalInterface
public interface Binding {
    void run(KernelCall call);
}
