package org.reverie.device.opencl;

/** There is no OpenCL, no driver or no device; the message says which, in one line. */
final class OpenClMissingException extends Exception {
    private static final long serialVersionUID = 1;

    OpenClMissingException(String message) {
        super(message);
    }
}
