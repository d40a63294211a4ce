package org.reverie.cli;

import org.reverie.tensor.DType;
import picocli.CommandLine.Option;

/** What networks store their numbers in. */
final class PrecisionOptions {
    /** The dtypes that networks run in. */
    enum Precision {
        F32(DType.F32),
        BF16(DType.BF16),
        F16(DType.F16);

        private final DType dtype;

        Precision(DType dtype) {
            this.dtype = dtype;
        }
    }

    @Option(
            names = "--precision",
            paramLabel = "f32|bf16|f16",
            defaultValue = "f32",
            description =
                    "What the networks' weights and activations are stored in; sums are f32 at all times, and training"
                        + " keeps f32 weights. bf16 and f16 take half the memory and are meant for GPUs; on the device"
                        + " cpu they are slower than f32. Default: ${DEFAULT-VALUE}.")
    private Precision precision;

    DType dtype() {
        return precision.dtype;
    }
}
