package org.reverie.ood.dlsr;

import java.util.List;

/**
 * What a trained detector consists of, as it stands in {@code dlsr.json}.
 *
 * @param format version of the folder's layout
 * @param idSet name of the in-distribution set
 * @param encoder architecture name
 * @param encoderSha256 of the encoder's weights file
 * @param taps the activations that are read
 * @param pooling how they are pooled
 * @param groupEnds cumulative ends of the layer groups
 * @param network size of the denoiser
 * @param training how it was trained
 * @param trainImages rows trained on
 * @param heldOut rows kept from training for the threshold and the sign of LR
 * @param lrSign +1 if a high LR means foreign, −1 if a low one does
 * @param thresholdMse 95th percentile of the held-out rows' MSE
 * @param thresholdMfsim the same of MFsim
 * @param thresholdLr the same of LR with its sign
 * @param thresholdResidual the same of the residual's distance
 * @param precision what the denoiser was trained in: f32, bf16 or f16; null in a detector from before there was a choice
 */
public record DlsrConfig(
        int format,
        String idSet,
        String encoder,
        String encoderSha256,
        List<String> taps,
        LayerPooling pooling,
        List<Integer> groupEnds,
        LfdnConfig network,
        TrainConfig training,
        int trainImages,
        int heldOut,
        int lrSign,
        double thresholdMse,
        double thresholdMfsim,
        double thresholdLr,
        double thresholdResidual,
        String precision) {
    public static final int FORMAT = 2;

    /** The threshold of a score by its name in tables. */
    public double threshold(String score) {
        return switch (score) {
            case DlsrModel.MSE -> thresholdMse;
            case DlsrModel.MFSIM -> thresholdMfsim;
            case DlsrModel.LR -> thresholdLr;
            case DlsrModel.RESIDUAL -> thresholdResidual;
            default -> throw new IllegalArgumentException("no threshold is kept for the score " + score);
        };
    }
}
