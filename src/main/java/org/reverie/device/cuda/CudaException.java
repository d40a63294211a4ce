package org.reverie.device.cuda;

/** A call of the driver that failed. */
final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    static final int OUT_OF_MEMORY = 2;
    static final int NO_DEVICE = 100;
    static final int NO_BINARY_FOR_GPU = 209;
    static final int UNSUPPORTED_PTX_VERSION = 222;
    static final int CAPTURE_UNSUPPORTED = 900;
    static final int CAPTURE_INVALIDATED = 901;

    private final int code;

    /**
     * @param call the driver's function
     * @param error the name of the code, for example {@code CUDA_ERROR_ILLEGAL_ADDRESS}
     */
    CudaException(int code, String call, String error) {
        super(call + ": " + error + " (" + code + ")");
        this.code = code;
    }

    int code() {
        return code;
    }

    /**
     * Whether the context is lost: every call after this one fails too, and only a new process helps. (CUDA driver API,
     * "CUresult": codes whose description says that the process is left in an inconsistent state.)
     */
    boolean isSticky() {
        return switch (code) {
            case 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999 -> true;
            default -> false;
        };
    }
}
