package org.reverie.device.kernels;

/** Something was asked for that a graph cannot hold: a download, or waiting. */
public final class GraphRefusedException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    public GraphRefusedException(String message) {
        super(message);
    }
}
