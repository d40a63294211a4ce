package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.io.AtomicFile;
import org.reverie.io.Npy;
import org.reverie.io.Safetensors;
import org.reverie.models.Imagination;
import org.reverie.models.Progress;
import org.reverie.models.latent.ClassTokens;
import org.reverie.models.latent.LatentConfig;
import org.reverie.models.latent.LatentDiffusion;
import org.reverie.models.latent.LatentTraining;
import org.reverie.ood.FeatureMatrix;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;

/**
 * All stages of Dream-OOD one after the other, in one folder. A stage whose file is there is not run again; a folder belongs to
 * one preset and seed.
 */
public final class Experiment {
    private static final int QUICK_AUTOENCODING = 120;
    private static final int QUICK_DIFFUSION = 200;

    private final DreamPreset preset;
    private final LatentConfig generator;
    private final DreamSplits data;
    private final ExperimentFolder files;
    private final long seed;
    private final Consumer<String> say;
    private final Progress progress;
    private final long began = System.nanoTime();

    /**
     * @param root folder of all files
     * @param say is told one line at a time
     */
    public Experiment(
            DreamPreset preset, DreamSplits data, Path root, long seed, Consumer<String> say, Progress progress) {
        this(preset, generator(preset), data, root, seed, say, progress);
    }

    /** With a generator of other settings than the preset names. */
    Experiment(
            DreamPreset preset,
            LatentConfig generator,
            DreamSplits data,
            Path root,
            long seed,
            Consumer<String> say,
            Progress progress) {
        this.preset = preset;
        this.generator = generator;
        this.data = data;
        this.files = new ExperimentFolder(root);
        this.seed = seed;
        this.say = say;
        this.progress = progress;
    }

    private static LatentConfig generator(DreamPreset preset) {
        LatentConfig usual = LatentConfig.of(preset.generator());
        return preset.quick() ? usual.withSteps(QUICK_AUTOENCODING, QUICK_DIFFUSION) : usual;
    }

    public ExperimentFolder files() {
        return files;
    }

    private void tell(String form, Object... words) {
        double seconds = (System.nanoTime() - began) / 1e9;
        say.accept(String.format(Locale.ROOT, "%5.0f s  ", seconds) + String.format(Locale.ROOT, form, words));
    }

    private static void requireComplete(boolean done) {
        if (!done) {
            throw new CancellationException("stopped; the same command goes on");
        }
    }

    /** Refuses a folder of another preset or seed. */
    public void begin() throws IOException {
        Path mark = files.root().resolve("settings.txt");
        String own = preset.withSeeds(1) + "\nseed " + seed + "\n"
                + data.train().name() + ", " + data.train().size() + " training images\n";
        if (Files.exists(mark)) {
            if (!Files.readString(mark).equals(own)) {
                throw new IllegalArgumentException(
                        files.root() + ": holds an experiment with other settings; name another folder");
            }
            return;
        }
        Files.createDirectories(files.root());
        AtomicFile.writeBytes(mark, own.getBytes(StandardCharsets.UTF_8));
    }

    /** Stage 1. */
    public void embed(Device device) throws IOException {
        HostTensor anchors = ClassTokens.draw(seed, data.train().classes(), preset.width());
        if (!Files.exists(files.features())) {
            ResidualConfig size = preset.size().withChannels(data.train().channels());
            try (EmbeddingTraining training =
                    new EmbeddingTraining(device, data.train(), anchors, size, preset.embedding(), seed)) {
                requireComplete(training.run(files.encoderState(), progress));
                Npy.write(files.anchors(), anchors);
                Safetensors.write(files.encoder(), training.weights());
            }
            try (Encoder encoder = Encoder.load(device, files.encoder())) {
                Npy.write(files.features(), Encoder.bank(data.train(), encoder.apply(data.train())));
            }
            Files.deleteIfExists(files.encoderState());
        }
        try (Encoder encoder = Encoder.load(device, files.encoder())) {
            double accuracy = Encoder.accuracy(data.validation(), encoder.apply(data.validation()), anchors);
            tell("stage 1: %.1f %% of the validation images point to their own token", accuracy);
        }
    }

    /** Stage 2. */
    public void sample(Device device) throws IOException {
        EmbeddingBank bank = new EmbeddingBank(Npy.read(files.features()), Npy.read(files.anchors()));
        for (double sigma : preset.sigmas()) {
            draw(device, bank, preset.outliers().withSigma(sigma), files.outliers(sigma));
        }
        draw(device, bank, preset.inliers(), files.inliers());
        tell(
                "stage 2: %d embeddings of each class and deviation",
                preset.outliers().count());
    }

    private void draw(Device device, EmbeddingBank bank, EmbeddingSampling how, Path file) throws IOException {
        if (!Files.exists(file)) {
            Npy.write(file, bank.draw(device, how, seedOf(file), progress));
        }
    }

    /** The training images of a class that outliers are drawn around, by their number in the class, the outermost first. */
    public int[] boundary(Device device, EmbeddingBank bank, int number) {
        try (Scope scope = Scope.open()) {
            return new EmbeddingSampler(preset.outliers(), seed).boundary(bank.features(device, number));
        }
    }

    /** Trains the generator and says how good it is. */
    public void generator(Device device) throws IOException {
        HostTensor anchors = Npy.read(files.anchors());
        HostTensor features = Npy.read(files.features());
        LatentTraining training = new LatentTraining(device, data.train(), anchors, features, generator, seed);
        requireComplete(training.run(files.generator(), progress));
        tell("generator: trained");
        if (!Files.exists(files.check())) {
            try (LatentDiffusion model = LatentDiffusion.load(device, files.generator())) {
                FrechetFeatures encoder = FrechetFeatures.procedural();
                GeneratorCheck.Result check =
                        GeneratorCheck.run(device, model, anchors, data, preset.drawing(), encoder, seed, progress);
                AtomicFile.writeBytes(files.check(), check.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        Files.readAllLines(files.check()).forEach(line -> tell("%s", line));
    }

    /** Stage 3. */
    public void imagine(Device device) throws IOException {
        try (Imagination generator = LatentDiffusion.load(device, files.generator())) {
            for (double sigma : preset.sigmas()) {
                imagine(generator, files.outliers(sigma), files.outlierImages(sigma));
            }
            imagine(generator, files.inliers(), files.inlierImages());
            pass(generator);
        }
        tell("stage 3: images, reconstructions and reworked images are drawn");
    }

    /** Training images with traces of the generator: of its autoencoder, and of all of it. */
    private void pass(Imagination generator) throws IOException {
        PixelSet train = data.train();
        if (!Files.exists(files.reconstructions())) {
            Npy.write(files.reconstructions(), PassedImages.tensor(PassedImages.reconstructed(generator, train)));
        }
        if (!Files.exists(files.reworked())) {
            PixelSet again = PassedImages.reworked(
                    generator,
                    train,
                    Npy.read(files.features()),
                    preset.strength(),
                    preset.drawing(),
                    seedOf(files.reworked()),
                    progress);
            Npy.write(files.reworked(), PassedImages.tensor(again));
        }
    }

    /** Pools have seeds of their own: else the first image of each would begin with the same noise. */
    private long seedOf(Path file) {
        return Philox.stream(file.getFileName().toString(), seed);
    }

    private void imagine(Imagination generator, Path embeddings, Path images) throws IOException {
        HostTensor vectors = Npy.read(embeddings);
        Painter painter = Painter.small(generator, preset.drawing(), seedOf(images));
        new Imagining(painter, vectors, vectors.shape().dim(1), 1, Map.of("Software", "reverie"))
                .run(images, seedOf(images), progress);
    }

    /** Filters what was imagined: a pool of images for each way of choosing. */
    public Variant.Material material(Device device) throws IOException {
        PixelSet train = data.train();
        List<PixelSet> all = new ArrayList<>();
        List<PixelSet> kept = new ArrayList<>();
        try (Encoder encoder = Encoder.load(device, files.encoder())) {
            HostTensor anchors = Npy.read(files.anchors());
            OutlierFilter filter = new OutlierFilter(encoder, train, data.validation());
            for (double sigma : preset.sigmas()) {
                String name = "σ = " + ExperimentFolder.number(sigma);
                PixelSet images = read(files.outlierImages(sigma), name);
                FeatureMatrix embeddings = encoder.apply(images);
                int[] rows = filter.kept(embeddings);
                int[] seen = Encoder.recognised(embeddings, anchors);
                long own = IntStream.range(0, seen.length)
                        .filter(i -> seen[i] == images.labels()[i])
                        .count();
                tell(
                        "filter: %s keeps %d of %d images; %.0f %% of all are recognised as their class",
                        name, rows.length, images.size(), 100.0 * own / seen.length);
                all.add(images);
                if (rows.length > 0) {
                    kept.add(images.select(name, rows));
                }
            }
            PixelSet inliers = read(files.inlierImages(), "inliers");
            double right = Encoder.accuracy(inliers, encoder.apply(inliers), anchors);
            tell("inliers: %.0f %% of %d are recognised as their class", right, inliers.size());
            require(!kept.isEmpty(), "the filter keeps none of the imagined images");
            return new Variant.Material(
                    train.withPixels(Npy.read(files.reconstructions()).toFloats()),
                    train.withPixels(Npy.read(files.reworked()).toFloats()),
                    ImagineFolder.join("imagined", all),
                    ImagineFolder.join("imagined, filtered", kept),
                    inliers);
        }
    }

    private PixelSet read(Path folder, String name) throws IOException {
        return ImagineFolder.read(
                folder, name, data.train().side(), data.train().channels());
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    /**
     * Stages 4 and 5 and their evaluation.
     *
     * @param tested the images to measure with: the experiment's own, or those of its development
     * @param results a folder of their own for each choice of images
     * @param variants the lines of the table, some of {@link DreamPreset#variants}
     * @param devices one training at a time on each
     */
    public ResultTable classify(
            DreamSplits tested,
            Path results,
            List<Variant> variants,
            Variant.Material material,
            List<? extends Device> devices)
            throws IOException {
        ClassifierRuns.Images plain = new ClassifierRuns.Images(tested, Disturbances.of(tested.test(), seed));
        boolean through = variants.stream().anyMatch(v -> v.passed() == Variant.Passed.AUTOENCODER_ALL);
        ClassifierRuns.Images seen = through ? throughAutoencoder(plain, devices.getFirst()) : null;
        ClassifierRuns runs =
                new ClassifierRuns(preset, plain, seen, material, results, line -> tell("%s", line), progress);
        return new ResultTable(variants, runs.run(variants, devices, seed));
    }

    private ClassifierRuns.Images throughAutoencoder(ClassifierRuns.Images plain, Device device) throws IOException {
        try (Imagination generator = LatentDiffusion.load(device, files.generator())) {
            return new ClassifierRuns.Images(
                    PassedImages.reconstructed(generator, plain.splits()),
                    plain.disturbed().stream()
                            .map(set -> PassedImages.reconstructed(generator, set))
                            .toList());
        }
    }
}
