package org.reverie.ood.dlsr;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.io.AtomicFile;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.io.Weights;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.op.Autocast;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;

/**
 * A trained detector in a folder of its own, complete with its encoder:
 *
 * <pre>
 * dlsr.json                    settings, thresholds (see {@link DlsrConfig})
 * encoder.safetensors          the frozen encoder's weights
 * lfdn.safetensors             the denoiser, averaged weights
 * lfdn-first-epoch.safetensors the same after the first epoch, for the LR score
 * features-train.safetensors   cached features of the in-distribution set, for the residual score and the baselines
 * state.safetensors            what a resumed training goes on from
 * </pre>
 */
public final class DlsrModel implements AutoCloseable {
    public static final String MSE = "MSE";
    public static final String MFSIM = "MFsim";
    public static final String LR = "LR";
    public static final String RESIDUAL = "residual";

    /** That fit the residuals; the result does not depend on it. */
    private static final int THREADS = 1;

    static final String CONFIG = "dlsr.json";
    static final String ENCODER = "encoder.safetensors";
    static final String FINAL = "lfdn.safetensors";
    static final String FIRST = "lfdn-first-epoch.safetensors";
    static final String FEATURES = "features-train.safetensors";
    static final String STATE = "state.safetensors";

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private final Path folder;
    private final DlsrConfig config;
    private final Device device;
    private final DType precision;
    private final ImageModel encoder;
    private final Lfdn last;
    private final Lfdn first;
    private final Scope scope;
    private ResidualDistance residual;

    private DlsrModel(
            Path folder,
            DlsrConfig config,
            Device device,
            DType precision,
            ImageModel encoder,
            Lfdn last,
            Lfdn first,
            Scope scope) {
        this.folder = folder;
        this.config = config;
        this.device = device;
        this.precision = precision;
        this.encoder = encoder;
        this.last = last;
        this.first = first;
        this.scope = scope;
    }

    /** Opens a detector's folder on a device. */
    public static DlsrModel open(Path folder, Device device) throws IOException {
        return open(folder, device, DType.F32);
    }

    /** As above, with encoder and denoiser in BF16 or F16. What they are given and what they give stays F32. */
    public static DlsrModel open(Path folder, Device device, DType precision) throws IOException {
        DlsrConfig config = readConfig(folder);
        Scope scope = Scope.detached();
        Weights weights = Weights.open(folder.resolve(ENCODER));
        ImageModel encoder = Models.create(config.encoder(), weights.tensors().keySet());
        encoder.network().load(device, ENCODER, weights.tensors(), precision);
        Initializer init = Initializer.undefined(device).withWeights(precision);
        Lfdn last = network(folder.resolve(FINAL), config, init, scope);
        Lfdn first = network(folder.resolve(FIRST), config, init, scope);
        return new DlsrModel(folder, config, device, precision, encoder, last, first, scope);
    }

    private static Lfdn network(Path file, DlsrConfig config, Initializer init, Scope scope) throws IOException {
        Lfdn n = scope.within(() -> new Lfdn(init, config.network()));
        n.load(file.toString(), Safetensors.read(file).tensors(), name -> false);
        n.freeze(); // so that they are packed once, and not for every batch
        return n;
    }

    static DlsrConfig readConfig(Path folder) throws IOException {
        Path file = folder.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new FormatException(
                    folder.toString(), CONFIG, "a detector's folder holds this file; train one first");
        }
        try {
            DlsrConfig c = GSON.fromJson(Files.readString(file), DlsrConfig.class);
            if (c == null || c.format() != DlsrConfig.FORMAT) {
                throw new FormatException(file.toString(), "format", "must be " + DlsrConfig.FORMAT);
            }
            return c;
        } catch (JsonParseException e) {
            throw new FormatException(file.toString(), "settings", "must be the JSON that training wrote", e);
        }
    }

    static void writeConfig(Path folder, DlsrConfig config) throws IOException {
        AtomicFile.writeBytes(folder.resolve(CONFIG), (GSON.toJson(config) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    public DlsrConfig config() {
        return config;
    }

    public Path folder() {
        return folder;
    }

    /** Features of images as the detector sees them. */
    public FeatureExtractor extractor(int batch) {
        return new FeatureExtractor(encoder, config.encoderSha256(), config.taps(), config.pooling(), device, batch);
    }

    /** The cached features that the detector was trained on, held-out rows excluded. */
    public LayerFeatures trainFeatures() throws IOException {
        LayerFeatures all = LayerFeatures.read(folder.resolve(FEATURES));
        return all.rows(0, config.trainImages());
    }

    /** All of DLSR's scores of raw features by name, higher meaning more foreign. */
    public Map<String, float[]> scores(LayerFeatures features, Reconstruction how, long seed, Progress progress)
            throws IOException {
        boolean compat = how.mode() == Reconstruction.Mode.COMPAT;
        float[] z = LayerNormalizer.normalize(features.values(), features.groupEnds());
        int d = features.dimension();
        float[] end = denoiser(last, how, seed).reconstruct(z, progress);
        float[] begin = denoiser(first, how, seed).reconstruct(z, progress);
        Map<String, float[]> scores = new LinkedHashMap<>();
        scores.put(MFSIM, ReconstructionScores.mfsim(z, end, features.groupEnds(), compat));
        scores.put(MSE, ReconstructionScores.mse(z, end, d));
        scores.put(LR, likelihoodRegret(ReconstructionScores.mse(z, begin, d), scores.get(MSE), config.lrSign()));
        scores.put(RESIDUAL, residual(progress).score(z, progress));
        return scores;
    }

    /** One of {@link #scores} alone, without the work that only the others need. */
    public float[] score(String name, LayerFeatures features, Reconstruction how, long seed, Progress progress)
            throws IOException {
        float[] z = LayerNormalizer.normalize(features.values(), features.groupEnds());
        int d = features.dimension();
        if (name.equals(RESIDUAL)) {
            return residual(progress).score(z, progress);
        }
        float[] end = denoiser(last, how, seed).reconstruct(z, progress);
        return switch (name) {
            case MFSIM ->
                ReconstructionScores.mfsim(z, end, features.groupEnds(), how.mode() == Reconstruction.Mode.COMPAT);
            case MSE -> ReconstructionScores.mse(z, end, d);
            case LR -> {
                float[] begin = denoiser(first, how, seed).reconstruct(z, progress);
                yield likelihoodRegret(
                        ReconstructionScores.mse(z, begin, d), ReconstructionScores.mse(z, end, d), config.lrSign());
            }
            default -> throw new IllegalArgumentException("there is no score " + name);
        };
    }

    private Denoiser denoiser(Lfdn network, Reconstruction how, long seed) {
        Denoiser.Network f32 = (x, t) -> Autocast.inside(precision, () -> network.apply(x, t));
        return new Denoiser(device, f32, config.network().features(), how, seed);
    }

    /** Fitted to the cached training features when it is first asked for. */
    private ResidualDistance residual(Progress progress) throws IOException {
        if (residual == null) {
            LayerFeatures train = trainFeatures();
            float[] z = LayerNormalizer.normalize(train.values(), train.groupEnds());
            Denoiser denoiser = denoiser(last, ResidualDistance.reconstruction(), 0);
            residual = new ResidualDistance(denoiser, z, train.dimension(), THREADS, progress);
        }
        return residual;
    }

    /** LR = sign · (score of the first-epoch network − score of the final one), with shared noise (§4.5, §7 row 6). */
    static float[] likelihoodRegret(float[] first, float[] last, int sign) {
        float[] lr = new float[last.length];
        for (int i = 0; i < lr.length; i++) {
            lr[i] = sign * (first[i] - last[i]);
        }
        return lr;
    }

    /** The weights that decide every score, for fingerprints. */
    public Map<String, HostTensor> stateDict() {
        return last.stateDict();
    }

    @Override
    public void close() {
        encoder.network().close();
        scope.close();
    }
}
