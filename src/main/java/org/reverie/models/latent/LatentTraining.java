package org.reverie.models.latent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.data.Image;
import org.reverie.data.PixelSet;
import org.reverie.data.PngGrid;
import org.reverie.data.Resize;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

/**
 * Trains a small latent diffusion model from nothing: the autoencoder, then the noise predictor with its text transformer on
 * the autoencoder's latents. It goes on where it was stopped, in whichever part, and ends with the same bits. As it goes it
 * writes the losses ({@code autoencoder-loss.csv} and {@code .png}, likewise {@code diffusion-loss}), images beside their
 * reconstructions ({@code reconstructions.png}) and drawings of every class ({@code samples.png}).
 */
public final class LatentTraining {
    private static final int SHOWN = 8;
    private static final int SHOWN_SIDE = 64;

    private final Device device;
    private final PixelSet images;
    private final float[] tokens;
    private final float[] embeddings;
    private final LatentConfig config;
    private final long seed;
    private final String imagesIdentity;
    private final String identity;

    /**
     * @param images with labels 0 … classes − 1, of the preset's side and channels
     * @param tokens embedding of each class {@code [classes, width]}, of any length
     * @param embeddings of each image in the same space, {@code [n, width]} or {@code [classes, n / classes, width]}, of any
     *     length; null trains with class tokens alone
     */
    public LatentTraining(
            Device device, PixelSet images, HostTensor tokens, HostTensor embeddings, LatentConfig config, long seed) {
        if (images.side() != config.side()
                || images.channels() != config.autoencoder().channels()) {
            throw new IllegalArgumentException(
                    "the preset " + config.name() + " is for images of " + config.side() + "x"
                            + config.side() + "x" + config.autoencoder().channels() + ", but those of " + images.name()
                            + " are "
                            + images.side() + "x" + images.side() + "x" + images.channels());
        }
        if (Arrays.stream(images.labels()).min().orElse(-1) < 0) {
            throw new IllegalArgumentException(images.name() + " has images without a class");
        }
        check("class tokens", tokens, images.classes(), config.width());
        if (embeddings != null) {
            check("embeddings", embeddings, images.size(), config.width());
        }
        this.device = device;
        this.images = config.mirrored() ? withMirrored(images) : images;
        this.tokens = ClassTokens.ofLength(tokens.toFloats(), config.width());
        float[] own = embeddings == null ? null : ClassTokens.ofLength(embeddings.toFloats(), config.width());
        this.embeddings = own != null && config.mirrored() ? twice(own) : own;
        this.config = config;
        this.seed = seed;
        this.imagesIdentity = config.autoencoder() + " " + config.autoencoding() + " seed " + seed + " images "
                + sha256(this.images.pixels());
        this.identity = config + " " + imagesIdentity + " tokens " + sha256(this.tokens) + " embeddings "
                + (this.embeddings == null ? "none" : sha256(this.embeddings));
    }

    private static void check(String what, HostTensor t, int rows, int width) {
        Shape s = t.shape();
        if (!t.dtype().isFloating()
                || s.rank() < 2
                || s.dim(s.rank() - 1) != width
                || s.elements() != (long) rows * width) {
            throw new IllegalArgumentException(
                    "the " + what + " must be " + rows + " rows of " + width + " numbers, not " + t.dtype() + " " + s);
        }
    }

    /**
     * Trains to the end, or until {@code progress} cancels.
     *
     * @param folder where everything is written; one with another generator in it is refused
     * @return whether the generator is complete; if not, another run goes on
     */
    public boolean run(Path folder, Progress progress) throws IOException {
        Files.createDirectories(folder);
        if (Files.exists(folder.resolve(GeneratorFiles.MANIFEST))) {
            require(
                    folder.resolve(GeneratorFiles.MANIFEST),
                    GeneratorFiles.read(folder).identity(),
                    identity);
            Files.deleteIfExists(folder.resolve(GeneratorFiles.DIFFUSION_STATE));
            return true;
        }
        return autoencoder(folder, progress) && diffusion(folder, progress);
    }

    private boolean autoencoder(Path folder, Progress progress) throws IOException {
        Path file = folder.resolve(GeneratorFiles.AUTOENCODER);
        Path state = folder.resolve(GeneratorFiles.AUTOENCODER_STATE);
        if (Files.exists(file)) {
            require(file, Safetensors.read(file).metadata().get("identity"), imagesIdentity);
            Files.deleteIfExists(state);
            return true;
        }
        try (AutoencoderTraining training = new AutoencoderTraining(device, images, config, seed, imagesIdentity)) {
            boolean complete = training.run(state, () -> showReconstructions(folder, training), progress);
            if (!complete) {
                return false;
            }
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put("identity", imagesIdentity);
            metadata.put("loss", Double.toString(training.recentLoss()));
            Safetensors.write(file, training.averaged().stateDict(), metadata);
            Files.deleteIfExists(state);
            return true;
        }
    }

    private boolean diffusion(Path folder, Progress progress) throws IOException {
        Path state = folder.resolve(GeneratorFiles.DIFFUSION_STATE);
        Path file = folder.resolve(GeneratorFiles.AUTOENCODER);
        Safetensors saved = Safetensors.read(file);
        Scope scope = Scope.detached();
        try {
            SmallAutoencoder autoencoder =
                    scope.within(() -> new SmallAutoencoder(Initializer.undefined(device), config.autoencoder()));
            autoencoder.load(file.toString(), saved.tensors(), name -> false);
            ImageCodec codec = new ImageCodec(device, autoencoder, config.side());
            float[] latents = codec.latents(images.pixels());
            double scale = scale(latents);
            for (int i = 0; i < latents.length; i++) {
                latents[i] = (float) (latents[i] * scale);
            }
            DiffusionTraining.Material material =
                    new DiffusionTraining.Material(latents, tokens, images.labels(), embeddings);
            try (DiffusionTraining training = new DiffusionTraining(device, material, config, seed, identity)) {
                boolean complete = training.run(
                        state,
                        () -> showSamples(folder, new Drawer(codec, training.averaged(), config, scale), training),
                        progress);
                if (!complete) {
                    return false;
                }
                Map<String, HostTensor> tensors =
                        new LinkedHashMap<>(training.averaged().stateDict());
                tensors.put(GeneratorFiles.TOKENS, HostTensor.of(Shape.of(images.classes(), config.width()), tokens));
                Safetensors.write(folder.resolve(GeneratorFiles.DIFFUSION), tensors, Map.of("identity", identity));
                double before = Double.parseDouble(saved.metadata().get("loss"));
                GeneratorFiles.write(
                        folder,
                        new GeneratorFiles.Manifest(
                                config, images.classNames(), scale, seed, before, training.recentLoss(), identity));
            }
        } finally {
            scope.close();
        }
        Files.deleteIfExists(state);
        return true;
    }

    private static void require(Path file, String found, String expected) throws FormatException {
        if (!expected.equals(found)) {
            throw new FormatException(
                    file.toString(),
                    "metadata",
                    "this is of a generator with other images, embeddings or settings; remove it or use another"
                            + " folder");
        }
    }

    /** 1 over the deviation of all numbers. */
    private static double scale(float[] latents) {
        double sum = 0;
        for (float v : latents) {
            sum += v;
        }
        double mean = sum / latents.length;
        double squares = 0;
        for (float v : latents) {
            squares += (v - mean) * (v - mean);
        }
        return Math.sqrt(latents.length / squares);
    }

    private void showReconstructions(Path folder, AutoencoderTraining training) throws IOException {
        LossCurve.write(folder, "autoencoder-loss", training.losses());
        ImageCodec codec = new ImageCodec(device, training.averaged(), config.side());
        int[] rows = new int[3 * SHOWN];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (int) ((long) i * images.size() / rows.length);
        }
        PixelSet some = images.select("some", rows);
        PixelSet again = some.withPixels(codec.reconstruct(some.pixels()));
        List<Image> grid = new ArrayList<>();
        for (int from = 0; from < rows.length; from += SHOWN) {
            for (PixelSet set : List.of(some, again)) {
                for (int i = from; i < from + SHOWN; i++) {
                    grid.add(enlarged(set.image(i)));
                }
            }
        }
        PngGrid.write(
                folder.resolve("reconstructions.png"),
                grid,
                SHOWN,
                Map.of("Title", "images, and below each its reconstruction after " + training.steps() + " steps"));
    }

    private void showSamples(Path folder, Drawer drawer, DiffusionTraining training) throws IOException {
        LossCurve.write(folder, "diffusion-loss", training.losses());
        int classes = images.classes();
        int width = config.width();
        float[] wanted = new float[classes * SHOWN * width];
        for (int i = 0; i < classes * SHOWN; i++) {
            System.arraycopy(tokens, i / SHOWN * width, wanted, i * width, width);
        }
        float[] drawn = drawer.imagine(wanted, Drawing.SMALL, seed, 0, Progress.NONE);
        PixelSet set = new PixelSet(
                "drawn", config.side(), config.autoencoder().channels(), drawn, new int[classes * SHOWN], List.of());
        List<Image> grid = new ArrayList<>();
        for (int i = 0; i < set.size(); i++) {
            grid.add(enlarged(set.image(i)));
        }
        PngGrid.write(
                folder.resolve("samples.png"),
                grid,
                SHOWN,
                Map.of("Title", "drawn from each class token after " + training.steps() + " steps"));
    }

    private static Image enlarged(Image image) {
        int factor = Math.max(1, SHOWN_SIDE / image.height());
        return Resize.resize(image, factor * image.height(), factor * image.width(), Resize.Filter.NEAREST);
    }

    /** All images, then all of them the other way round. */
    private static PixelSet withMirrored(PixelSet set) {
        int side = set.side();
        int channels = set.channels();
        float[] pixels = twice(set.pixels());
        for (int row = set.size() * side; row < 2 * set.size() * side; row++) {
            for (int x = 0; x < side; x++) {
                int from = ((row - set.size() * side) * side + side - 1 - x) * channels;
                System.arraycopy(set.pixels(), from, pixels, (row * side + x) * channels, channels);
            }
        }
        int[] labels = Arrays.copyOf(set.labels(), 2 * set.size());
        System.arraycopy(set.labels(), 0, labels, set.size(), set.size());
        return new PixelSet(set.name(), side, channels, pixels, labels, set.classNames());
    }

    private static float[] twice(float[] values) {
        float[] both = Arrays.copyOf(values, Math.multiplyExact(2, values.length));
        System.arraycopy(values, 0, both, values.length, values.length);
        return both;
    }

    private static String sha256(float[] values) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, values.length));
            bytes.asFloatBuffer().put(values);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.array());
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
