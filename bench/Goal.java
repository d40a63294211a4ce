package org.reverie.bench;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What is to be reached against LibTorch.
 *
 * @param work in words
 * @param benchmarks a pattern of {@code Class.method}
 * @param ratio LibTorch's time divided by Reverie's, at least
 */
record Goal(String work, Pattern benchmarks, double ratio) {
    static final List<Goal> ALL = List.of(
            of("matrix products", "GemmBench\\..*", 1.0),
            of("convolutions of ResNet-50", "ConvBench\\..*", 1.0),
            of("depthwise convolutions", "DepthwiseBench\\..*", 1.2),
            of("attention, forward and with gradients", "AttentionBench\\..*", 1.2),
            of("norms and softmax", "NormBench\\..*", 1.2),
            of("SiLU, GELU, addition", "PointwiseBench\\..*", 1.2),
            of("reductions", "ReduceBench\\..*", 1.2),
            of("AdamW", "OptimizerBench\\.adamw", 1.2),
            of("EfficientNet-B4 to block 31", "EfficientNetBench\\..*", 1.2),
            of("MobileNetV2", "MobileNetBench\\..*", 1.2),
            of("ResNet-50", "ResNet50Bench\\..*", 1.2),
            of("LFDN training step", "LfdnTrainBench\\..*", 1.1),
            of("DLSR scoring, bytes in, scores out", "DlsrScoreBench\\..*", 1.3));

    private static Goal of(String work, String benchmarks, double ratio) {
        return new Goal(work, Pattern.compile(benchmarks), ratio);
    }

    boolean covers(Result r) {
        return benchmarks.matcher(r.group() + "." + r.method()).matches();
    }

    /** The goal of a work, or null. */
    static Goal of(Result r) {
        return ALL.stream().filter(g -> g.covers(r)).findFirst().orElse(null);
    }
}
