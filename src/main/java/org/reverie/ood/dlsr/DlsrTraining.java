package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.reverie.data.Corruptions;
import org.reverie.data.ImageSet;
import org.reverie.io.Safetensors;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.Progress;
import org.reverie.ood.Metrics;
import org.reverie.optim.MixedPrecision;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;

/**
 * Makes a detector: features of the in-distribution images (cached), denoiser, thresholds. A twentieth of the images, at
 * most 1,000, is held out: the thresholds and the sign of LR come from images that the denoiser has not seen. Every stage
 * leaves a file; a second run with the same settings goes on where the first one stopped.
 */
public final class DlsrTraining {
    private static final int MAX_HELD_OUT = 1000;
    private static final int BATCH = 64;

    private final Device device;
    private final Path folder;

    public DlsrTraining(Device device, Path folder) {
        this.device = device;
        this.folder = folder;
    }

    /**
     * Everything that a run is determined by.
     *
     * @param encoder architecture name, see {@link Models#names}
     * @param weights the encoder's tensors
     * @param weightsSha256 of the file they came from
     * @param taps null for the encoder's own
     * @param network the denoiser's sizes; its {@code features} is replaced by what the taps give
     * @param precision what the denoiser is trained in: F32, BF16 or F16 (with F32 masters); features are F32 at all times
     */
    public record Request(
            String encoder,
            Map<String, HostTensor> weights,
            String weightsSha256,
            java.util.List<String> taps,
            LayerPooling pooling,
            LfdnConfig network,
            TrainConfig training,
            DType precision) {
        /** Training in F32. */
        public Request(
                String encoder,
                Map<String, HostTensor> weights,
                String weightsSha256,
                java.util.List<String> taps,
                LayerPooling pooling,
                LfdnConfig network,
                TrainConfig training) {
            this(encoder, weights, weightsSha256, taps, pooling, network, training, DType.F32);
        }
    }

    /**
     * Runs all stages.
     *
     * @param setIdentity identifies the images, for the cache
     * @return whether it is complete; false if {@code progress} cancelled, and then a second run goes on
     */
    public boolean run(ImageSet id, String setIdentity, Request request, Progress progress) throws IOException {
        Files.createDirectories(folder);
        Safetensors.write(folder.resolve(DlsrModel.ENCODER), request.weights());
        ImageModel encoder = Models.create(request.encoder(), request.weights().keySet());
        encoder.network().load(device, request.encoder(), request.weights());
        FeatureExtractor extractor = new FeatureExtractor(
                encoder,
                request.weightsSha256(),
                request.taps() == null ? encoder.taps() : request.taps(),
                request.pooling(),
                device,
                BATCH);
        try {
            LayerFeatures features = extractor.cached(id, setIdentity, folder.resolve(DlsrModel.FEATURES), progress);
            if (progress.cancelled()) {
                return false;
            }
            return train(id, request, extractor, features, progress);
        } finally {
            encoder.network().close();
        }
    }

    private boolean train(
            ImageSet id, Request request, FeatureExtractor extractor, LayerFeatures features, Progress progress)
            throws IOException {
        int heldOut = Math.min(MAX_HELD_OUT, features.count() / 20);
        int trained = features.count() - heldOut;
        LayerFeatures train = features.rows(0, trained);
        LfdnConfig size = new LfdnConfig(
                features.dimension(),
                request.network().width(),
                request.network().timeWidth(),
                request.network().blocks());
        float[] z = LayerNormalizer.normalize(train.values(), train.groupEnds());
        String identity = new TreeMap<>(features.origin()).toString() + " " + trained;
        MixedPrecision precision = MixedPrecision.in(request.precision());
        try (LfdnTrainer trainer = new LfdnTrainer(device, size, request.training(), precision, z, identity)) {
            trainer.resume(folder.resolve(DlsrModel.STATE));
            if (!trainer.run(folder.resolve(DlsrModel.STATE), progress)) {
                return false;
            }
            Safetensors.write(folder.resolve(DlsrModel.FINAL), trainer.averaged());
            Safetensors.write(folder.resolve(DlsrModel.FIRST), trainer.afterFirstEpoch());
        }
        DlsrConfig config = new DlsrConfig(
                DlsrConfig.FORMAT,
                id.name(),
                request.encoder(),
                request.weightsSha256(),
                java.util.List.of(extractor.identity().get("taps").split(",")),
                request.pooling(),
                features.groupEnds(),
                size,
                request.training(),
                trained,
                heldOut,
                1,
                0,
                0,
                0,
                0,
                request.precision().label());
        DlsrModel.writeConfig(folder, config);
        DlsrModel.writeConfig(folder, calibrated(config, id, features, extractor, progress));
        return true;
    }

    /** Thresholds at 95 % of the held-out images, and the sign of LR from them against corrupted copies of themselves. */
    private DlsrConfig calibrated(
            DlsrConfig c, ImageSet id, LayerFeatures features, FeatureExtractor extractor, Progress progress)
            throws IOException {
        LayerFeatures rows = c.heldOut() == 0 ? features : features.rows(c.trainImages(), features.count());
        int[] indices = java.util.stream.IntStream.range(features.count() - rows.count(), features.count())
                .toArray();
        ImageSet corrupted = Corruptions.mixed(id.select(indices), c.training().seed());
        LayerFeatures foreign = extractor.extract(corrupted, "corrupted " + id.name(), progress);
        try (DlsrModel model = DlsrModel.open(folder, device)) {
            Reconstruction how = Reconstruction.fast();
            Map<String, float[]> own = model.scores(rows, how, c.training().seed(), Progress.NONE);
            Map<String, float[]> other = model.scores(foreign, how, c.training().seed(), Progress.NONE);
            int sign = Metrics.auroc(own.get(DlsrModel.LR), other.get(DlsrModel.LR)) >= 0.5 ? 1 : -1;
            float[] lr = own.get(DlsrModel.LR).clone();
            for (int i = 0; i < lr.length; i++) {
                lr[i] *= sign;
            }
            return new DlsrConfig(
                    c.format(),
                    c.idSet(),
                    c.encoder(),
                    c.encoderSha256(),
                    c.taps(),
                    c.pooling(),
                    c.groupEnds(),
                    c.network(),
                    c.training(),
                    c.trainImages(),
                    c.heldOut(),
                    sign,
                    Metrics.percentile(own.get(DlsrModel.MSE), Metrics.ACCEPTED_PERCENT),
                    Metrics.percentile(own.get(DlsrModel.MFSIM), Metrics.ACCEPTED_PERCENT),
                    Metrics.percentile(lr, Metrics.ACCEPTED_PERCENT),
                    Metrics.percentile(own.get(DlsrModel.RESIDUAL), Metrics.ACCEPTED_PERCENT),
                    c.precision());
        }
    }
}
