package org.reverie.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A CUDA device and what its driver says of it.
 *
 * @param driver the newest CUDA that the driver knows, for example 13000
 * @param major its compute capability before the point
 * @param units streaming multiprocessors
 * @param memory bytes in all
 */
record CudaDevice(int ordinal, String name, int driver, int major, int minor, int units, long memory) {
    private static final int MULTIPROCESSOR_COUNT = 16;
    private static final int CAPABILITY_MAJOR = 75;
    private static final int CAPABILITY_MINOR = 76;

    /** The oldest that the kernels are compiled for. */
    private static final int OLDEST = 8;

    static List<CudaDevice> all(CudaDriver cuda) throws CudaMissingException {
        List<CudaDevice> found = new ArrayList<>();
        int count = cuda.deviceCount();
        for (int i = 0; i < count; i++) {
            found.add(new CudaDevice(
                    i,
                    cuda.deviceName(i),
                    cuda.version(),
                    cuda.attribute(CAPABILITY_MAJOR, i),
                    cuda.attribute(CAPABILITY_MINOR, i),
                    cuda.attribute(MULTIPROCESSOR_COUNT, i),
                    cuda.totalMemory(i)));
        }
        if (found.isEmpty()) {
            throw new CudaMissingException("the NVIDIA driver is installed, but there is no device");
        }
        return found;
    }

    boolean isSupported() {
        return major >= OLDEST;
    }

    /** For example {@code NVIDIA H100 80GB HBM3, sm_90, CUDA 13.0, 132 units, 81,090 MiB}. */
    String description() {
        return String.format(
                Locale.ROOT,
                "%s, sm_%d%d, CUDA %d.%d, %d units, %,d MiB%s",
                name,
                major,
                minor,
                driver / 1000,
                driver % 1000 / 10,
                units,
                memory >> 20,
                isSupported() ? "" : ": too old, the kernels are for sm_80 and later");
    }
}
