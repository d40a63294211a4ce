package org.reverie.device.cuda;

/** There is no driver, no device or no kernels; the message says which, in one line. */
final class CudaMissingException extends Exception {
    private static final long serialVersionUID = 1;

    CudaMissingException(String message) {
        super(message);
    }
}
