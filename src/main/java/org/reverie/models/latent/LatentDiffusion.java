package org.reverie.models.latent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Imagination;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

/** A small latent diffusion model that {@link LatentTraining} made, ready to draw. */
public final class LatentDiffusion implements Imagination {
    private final Scope scope = Scope.detached();
    private final GeneratorFiles.Manifest manifest;
    private final HostTensor tokens;
    private final Drawer drawer;

    private LatentDiffusion(Device device, Path folder) throws IOException {
        manifest = GeneratorFiles.read(folder);
        LatentConfig config = manifest.config();
        Path first = folder.resolve(GeneratorFiles.AUTOENCODER);
        Path second = folder.resolve(GeneratorFiles.DIFFUSION);
        Map<String, HostTensor> autoencoding = Safetensors.read(first).tensors();
        Map<String, HostTensor> diffusing =
                new LinkedHashMap<>(Safetensors.read(second).tensors());
        tokens = diffusing.remove(GeneratorFiles.TOKENS);
        if (tokens == null || tokens.shape().rank() != 2 || tokens.shape().dim(1) != config.width()) {
            throw new FormatException(
                    second.toString(), GeneratorFiles.TOKENS, "must be a matrix of width " + config.width());
        }
        Initializer init = Initializer.undefined(device);
        try {
            SmallAutoencoder autoencoder = scope.within(() -> new SmallAutoencoder(init, config.autoencoder()));
            autoencoder.load(first.toString(), autoencoding, name -> false);
            autoencoder.freeze();
            PromptedUNet network = scope.within(() -> new PromptedUNet(init, config));
            network.load(second.toString(), diffusing, name -> false);
            network.freeze();
            drawer = new Drawer(new ImageCodec(device, autoencoder, config.side()), network, config, manifest.scale());
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /**
     * Loads what a training has completed.
     *
     * @throws IllegalArgumentException if tensors are missing, unexpected or misshapen; the message names all of them
     */
    public static LatentDiffusion load(Device device, Path folder) throws IOException {
        return new LatentDiffusion(device, folder);
    }

    public LatentConfig config() {
        return manifest.config();
    }

    /** The class tokens F32 {@code [classes, width]}, of length {@link ClassTokens#LENGTH}. */
    public HostTensor anchors() {
        return tokens;
    }

    /** The mean of the training's latest losses: squared error of the image, and the latents' penalty. */
    public double autoencoderLoss() {
        return manifest.autoencoderLoss();
    }

    /** The mean of the training's latest losses: squared error of the noise, whose own square is 1. */
    public double diffusionLoss() {
        return manifest.diffusionLoss();
    }

    /** Numbers of both networks. */
    public long parameterCount() {
        return drawer.codec().autoencoder().parameterCount() + drawer.network().parameterCount();
    }

    @Override
    public int width() {
        return config().width();
    }

    @Override
    public int side() {
        return config().side();
    }

    @Override
    public int channels() {
        return config().autoencoder().channels();
    }

    @Override
    public HostTensor imagine(HostTensor embeddings, Drawing how, long seed, long first, Progress progress) {
        requireDrawable(embeddings, how);
        return images(drawer.imagine(embeddings.toFloats(), how, seed, first, progress));
    }

    private void requireDrawable(HostTensor embeddings, Drawing how) {
        Shape s = embeddings.shape();
        if (s.rank() != 2 || s.dim(1) != width()) {
            throw new IllegalArgumentException("embeddings [n, " + width() + "] are needed, but their shape is " + s);
        }
        if (how.batch() < 1 || how.steps() < 1 || !Double.isFinite(how.guidance())) {
            throw new IllegalArgumentException("drawing needs a positive batch and steps and a finite guidance, not "
                    + how.batch() + ", " + how.steps() + " and " + how.guidance());
        }
    }

    @Override
    public HostTensor rework(
            HostTensor images,
            HostTensor embeddings,
            double strength,
            Drawing how,
            long seed,
            long first,
            Progress progress) {
        requireImages(images);
        requireDrawable(embeddings, how);
        if (images.shape().dim(0) != embeddings.shape().dim(0)) {
            throw new IllegalArgumentException("each image needs one embedding, but there are "
                    + images.shape().dim(0) + " and " + embeddings.shape().dim(0));
        }
        return images(drawer.rework(images.toFloats(), embeddings.toFloats(), strength, how, seed, first, progress));
    }

    @Override
    public HostTensor reconstruct(HostTensor images) {
        requireImages(images);
        return images(drawer.codec().reconstruct(images.toFloats()));
    }

    private void requireImages(HostTensor images) {
        Shape s = images.shape();
        if (s.rank() != 4 || s.dim(1) != side() || s.dim(2) != side() || s.dim(3) != channels()) {
            throw new IllegalArgumentException("images [n, " + side() + ", " + side() + ", " + channels()
                    + "] are needed, but their shape is " + s);
        }
    }

    private HostTensor images(float[] values) {
        int each = side() * side() * channels();
        return HostTensor.of(Shape.of(values.length / each, side(), side(), channels()), values);
    }

    @Override
    public void close() {
        scope.close();
    }
}
