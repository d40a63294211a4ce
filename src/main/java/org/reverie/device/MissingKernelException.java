package org.reverie.device;

/** A backend was asked for an op that it has no kernel for. */
public final class MissingKernelException extends RuntimeException {
    public MissingKernelException(String backend, String op) {
        super("the backend " + backend + " has no kernel for the op " + op);
    }
}
