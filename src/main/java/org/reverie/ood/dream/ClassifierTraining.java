package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.reverie.data.PixelSet;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.random.Rounds;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Stages 4 and 5: a classifier that learns its classes and, with outliers, that these are foreign; or with generated images
 * as more examples of the classes. ID images and others go through the network in one batch, so batch norm sees both.
 */
public final class ClassifierTraining implements AutoCloseable {
    private final Device device;
    private final Material material;
    private final ClassifierConfig config;
    private final long seed;
    private final int classes;
    private final Scope scope = Scope.detached();
    private final Networks networks;
    private final SgdRun run;
    private FeatureOutliers features;

    /**
     * What is learned from.
     *
     * @param images with labels 0 … classes − 1
     * @param passed the same images as a generator gives them back; null where none are wanted
     * @param outliers what is foreign
     * @param inliers generated images with labels; null where none are wanted
     */
    public record Material(PixelSet images, PixelSet passed, Outliers outliers, PixelSet inliers) {
        public Material {
            require(images, passed, "images that passed through a generator");
            require(images, inliers, "inliers");
            if (passed != null && passed.size() != images.size()) {
                throw new IllegalArgumentException(
                        images.size() + " images do not have " + passed.size() + " that passed through a generator");
            }
            if (outliers instanceof Outliers.Pool pool) {
                require(images, pool.images(), "outliers");
            }
        }

        private static void require(PixelSet images, PixelSet others, String what) {
            if (others != null && (others.side() != images.side() || others.channels() != images.channels())) {
                throw new IllegalArgumentException(what + " have " + others.side() + " pixels a side and "
                        + others.channels() + " channels, but " + images.name() + " has " + images.side() + " and "
                        + images.channels());
            }
        }
    }

    /** The classifier and what is trained with it. */
    private static final class Networks extends Module {
        private final ResidualNetwork classifier;
        private final EnergyLoss energy;

        Networks(Initializer init, ClassifierConfig config, int classes, boolean regularised) {
            classifier = part("classifier", new ResidualNetwork(init.in("classifier"), config.size(), classes));
            energy = regularised ? part("phi", new EnergyLoss(init.in("phi"), config.hidden())) : null;
        }
    }

    public ClassifierTraining(Device device, Material material, ClassifierConfig config, long seed) {
        this.device = device;
        this.material = material;
        this.config = config;
        this.seed = seed;
        this.classes = Batches.classes(material.images());
        boolean regularised = !(material.outliers() instanceof Outliers.None);
        this.networks = scope.within(() -> new Networks(new Initializer(device, seed), config, classes, regularised));
        String identity = config.withSgd(config.sgd().withEpochs(1)) + " on "
                + material.images().name() + " with " + material.images().size() + " images, outliers "
                + describe(material.outliers());
        this.run = scope.within(() -> new SgdRun(networks, config.sgd(), material.images(), seed, identity));
    }

    private static String describe(Outliers outliers) {
        return switch (outliers) {
            case Outliers.Pool pool ->
                pool.images().size() + " images of " + pool.images().name();
            case Outliers.None none -> "none";
            case Outliers.Noise noise -> "noise";
            case Outliers.Features features -> features.toString();
        };
    }

    /**
     * Begins with the weights of a classifier instead of drawn ones; to be called before training.
     *
     * @param source the file's name, for messages
     */
    public void startFrom(String source, Map<String, HostTensor> weights) {
        networks.classifier.load(source, weights, ResidualWeights::isIgnorable);
    }

    /**
     * Trains to the end, or until {@code progress} cancels; then the state file keeps what is done.
     *
     * @param state null keeps nothing
     * @param name what to call it to {@code progress}
     * @return whether it is complete
     */
    public boolean run(Path state, String name, Progress progress) throws IOException {
        return run.run(
                new SgdRun.Task() {
                    @Override
                    public void begin(int epoch) {
                        lookAtFeatures(epoch);
                    }

                    @Override
                    public Tensor loss(int[] rows, int epoch, int step) {
                        return ClassifierTraining.this.loss(rows, epoch, step);
                    }
                },
                state,
                name,
                progress);
    }

    private void lookAtFeatures(int epoch) {
        if (material.outliers() instanceof Outliers.Features f
                && epoch >= f.start() * config.sgd().epochs()) {
            int d = config.size().features();
            PixelSet images = material.images();
            float[] rows = Batches.rows(device, images, d, x -> networks.classifier.features(x, false));
            features = FeatureOutliers.of(f.kind(), device, rows, images.labels(), classes, d);
        }
    }

    private Tensor loss(int[] rows, int epoch, int step) {
        PixelSet images = material.images();
        int each = images.floatsPerImage();
        int known = rows.length + (material.inliers() == null ? 0 : config.inliers());
        int foreign = outlierImages();
        float[] pixels = new float[(known + foreign) * each];
        Batches.fill(images, rows, config.sgd().augmentation(), seed, Philox.stream("dream.augment", epoch), pixels, 0);
        replaceByPassed(rows, epoch, pixels);
        int[] labels = new int[known];
        System.arraycopy(Batches.labels(images, rows), 0, labels, 0, rows.length);
        addInliers(step, pixels, labels, rows.length);
        addOutliers(step, pixels, known, foreign);
        int followed = config.idStatistics() ? known : known + foreign;
        Tensor penultimate = networks.classifier.features(Batches.tensor(device, images, pixels), followed);
        Tensor logits = networks.classifier.head(penultimate);
        Tensor own = foreign == 0 ? logits : Shaping.slice(logits, 0, 0, known);
        Tensor loss = Losses.crossEntropy(own, Batches.labels(device, labels));
        Tensor against = against(logits, step, foreign);
        return against == null
                ? loss
                : Pointwise.add(loss, Pointwise.scale(networks.energy.apply(against, known), config.beta()));
    }

    /** The logits of ID images and outliers that the regulariser sees; null while there are no outliers. */
    private Tensor against(Tensor logits, int step, int foreign) {
        if (foreign > 0) {
            return logits;
        }
        if (features == null) {
            return null;
        }
        float[] drawn = features.draw(config.outliers(), seed, step);
        Tensor rows =
                Tensor.of(device, Shape.of(config.outliers(), config.size().features()), drawn);
        return Shaping.concat(0, logits, networks.classifier.head(rows));
    }

    private int outlierImages() {
        return material.outliers() instanceof Outliers.Pool || material.outliers() instanceof Outliers.Noise
                ? config.outliers()
                : 0;
    }

    private void replaceByPassed(int[] rows, int epoch, float[] pixels) {
        if (material.passed() == null || config.passed() == 0) {
            return;
        }
        long choice = Philox.stream("dream.passed", epoch);
        long augment = Philox.stream("dream.augment", epoch);
        int each = material.images().floatsPerImage();
        for (int i = 0; i < rows.length; i++) {
            if (Philox.uniform(seed, choice, rows[i]) < config.passed()) {
                int[] one = {rows[i]};
                Augmentation how = config.sgd().augmentation();
                Batches.fill(material.passed(), one, how, seed, augment, pixels, i * each);
            }
        }
    }

    private void addInliers(int step, float[] pixels, int[] labels, int at) {
        PixelSet pool = material.inliers();
        if (pool == null) {
            return;
        }
        int n = config.inliers();
        int[] rows = new Rounds(seed, "dream.inliers", pool.size()).rows((long) step * n, n);
        Augmentation how = config.sgd().augmentation();
        Batches.fill(
                pool,
                rows,
                how,
                seed,
                Philox.stream("dream.augment.inliers", step),
                pixels,
                at * pool.floatsPerImage());
        System.arraycopy(Batches.labels(pool, rows), 0, labels, at, n);
    }

    private void addOutliers(int step, float[] pixels, int at, int n) {
        int from = at * material.images().floatsPerImage();
        switch (material.outliers()) {
            case Outliers.Pool(PixelSet pool) -> {
                int[] rows = new Rounds(seed, "dream.outliers", pool.size()).rows((long) step * n, n);
                long stream = Philox.stream("dream.augment.outliers", step);
                Batches.fill(pool, rows, config.sgd().augmentation(), seed, stream, pixels, from);
            }
            case Outliers.Noise() -> {
                long stream = Philox.stream("dream.noise.images", step);
                for (int i = from; i < pixels.length; i++) {
                    pixels[i] = 2 * Philox.uniform(seed, stream, i - from) - 1;
                }
            }
            case Outliers.None() -> {}
            case Outliers.Features f -> {}
        }
    }

    /** The loss of late. */
    public double loss() {
        return run.loss();
    }

    /** The classifier's weights as they lie in files; φ is left behind. */
    public Map<String, HostTensor> weights() {
        return networks.classifier.stateDict();
    }

    @Override
    public void close() {
        run.close();
        scope.close();
    }
}
