package org.reverie.device.cuda;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.BackendProvider;

/** Makes CUDA devices known to {@link org.reverie.device.Devices}. The driver is loaded when a device is asked for. */
public final class CudaProvider implements BackendProvider {
    private static final String NO_KERNELS = "the jar carries no CUDA kernels (it was built without nvcc)";

    @Override
    public String kind() {
        return "cuda";
    }

    @Override
    public List<String> list() {
        try {
            List<String> lines = new ArrayList<>();
            for (CudaDevice d : CudaDevice.all(LibCuda.load())) {
                lines.add(
                        "cuda:" + d.ordinal() + "  " + d.description() + (Fatbins.areThere() ? "" : "; " + NO_KERNELS));
            }
            return lines;
        } catch (CudaMissingException e) {
            return List.of("cuda  none: " + e.getMessage() + (Fatbins.areThere() ? "" : "; " + NO_KERNELS));
        }
    }

    @Override
    public Backend open(int index, BackendOptions options, Backend fallback) {
        try {
            LibCuda driver = LibCuda.load();
            CudaDevice device = choose(CudaDevice.all(driver), index);
            return new CudaBackend(driver, device, fallback, Long.MAX_VALUE, options.arithmetic(), options.trace());
        } catch (CudaMissingException e) {
            throw new IllegalArgumentException("cuda:" + index + " cannot be opened: " + e.getMessage());
        }
    }

    static CudaDevice choose(List<CudaDevice> all, int index) throws CudaMissingException {
        if (!Fatbins.areThere()) {
            throw new CudaMissingException(NO_KERNELS);
        }
        if (index < 0 || index >= all.size()) {
            throw new IllegalArgumentException("there is no device cuda:" + index + "; there "
                    + (all.size() == 1 ? "is one, cuda:0" : "are cuda:0 to cuda:" + (all.size() - 1)));
        }
        CudaDevice device = all.get(index);
        if (!device.isSupported()) {
            throw new CudaMissingException(device.description());
        }
        return device;
    }
}
