package org.reverie.device.cuda;

import java.util.HashMap;
import java.util.Map;

/** The modules of one context, loaded when a kernel of theirs is first asked for. */
final class CudaModules {
    private final CudaContext context;
    private final Map<String, Long> modules = new HashMap<>();
    private final Map<String, Long> functions = new HashMap<>();

    CudaModules(CudaContext context) {
        this.context = context;
    }

    /** The function of a kernel of {@code kernels/cuda/FAMILY.cu}. */
    long function(String family, String kernel) {
        Long known = functions.get(kernel);
        if (known == null) {
            known = find(family, kernel);
            functions.put(kernel, known);
        }
        return known;
    }

    private long find(String family, String kernel) {
        try {
            long module = modules.computeIfAbsent(
                    family, f -> context.call(() -> context.driver().loadModule(Fatbins.of(f))));
            return context.call(() -> context.driver().function(module, kernel));
        } catch (IllegalStateException e) {
            if (context.isLost()) {
                throw e;
            }
            throw new IllegalStateException(
                    "the CUDA kernel " + kernel + " (" + family + ") cannot be loaded on "
                            + context.device().description() + ": " + e.getMessage() + hint(e),
                    e);
        }
    }

    private static String hint(IllegalStateException e) {
        return e.getCause() instanceof CudaException cause && cause.code() == CudaException.UNSUPPORTED_PTX_VERSION
                ? "; the driver is older than the CUDA that compiled the kernels"
                : "";
    }

    void close() {
        modules.values().forEach(m -> context.release(() -> context.driver().unloadModule(m)));
    }
}
