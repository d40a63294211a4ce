package org.reverie.models.stablediffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.nn.Initializer;
import org.reverie.nn.Outline;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;

/**
 * Stable Diffusion 1 (Rombach et al. 2022): text encoder, U-Net and autoencoder, with the weights of {@code
 * sd-v1-4.ckpt}, of the same as safetensors, or of a diffusers folder.
 */
public final class StableDiffusion implements AutoCloseable {
    private final Scope scope = Scope.detached();
    private final ClipTextEncoder text;
    private final DiffusionUNet unet;
    private final Autoencoder autoencoder;
    private final List<Path> files;
    private final DType precision;

    /** Everything is checked before memory is taken for the weights. */
    private StableDiffusion(Device device, Checkpoint checkpoint, DType precision) {
        this.precision = precision;
        Map<String, HostTensor> textState;
        Map<String, HostTensor> unetState;
        Map<String, HostTensor> autoencoderState;
        try (Scope shapes = Scope.open()) {
            Initializer outline = Initializer.undefined(new Outline());
            textState = checkpoint.text(new ClipTextEncoder(outline, checkpoint.textConfig()));
            unetState = checkpoint.unet(new DiffusionUNet(outline, checkpoint.unetConfig()));
            autoencoderState = checkpoint.autoencoder(new Autoencoder(outline, checkpoint.autoencoderConfig()));
            checkpoint.check();
        }
        Initializer init = Initializer.undefined(device).withWeights(precision);
        files = List.copyOf(checkpoint.files());
        String source = checkpoint.source();
        try {
            text = scope.within(() -> new ClipTextEncoder(init, checkpoint.textConfig()));
            text.load(source, textState, name -> false);
            unet = scope.within(() -> new DiffusionUNet(init, checkpoint.unetConfig()));
            unet.load(source, unetState, name -> false);
            autoencoder = scope.within(() -> new Autoencoder(init, checkpoint.autoencoderConfig()));
            autoencoder.load(source, autoencoderState, name -> false);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /**
     * Loads a model.
     *
     * @param place a checkpoint, or a folder with {@code unet}, {@code vae} and {@code text_encoder}
     * @throws IllegalArgumentException if tensors are missing, unexpected or misshapen; the message names all of them
     */
    public static StableDiffusion load(Device device, Path place) throws IOException {
        return load(device, place, DType.F32);
    }

    /** As above, with weights of F16 or BF16, which halves their memory; what lies so in the file keeps its bits. */
    public static StableDiffusion load(Device device, Path place, DType precision) throws IOException {
        return new StableDiffusion(device, Checkpoint.open(place), precision);
    }

    /** What weights and activations are stored in. */
    public DType precision() {
        return precision;
    }

    public ClipTextEncoder text() {
        return text;
    }

    public DiffusionUNet unet() {
        return unet;
    }

    public Autoencoder autoencoder() {
        return autoencoder;
    }

    /** The files that the weights came from. */
    public List<Path> files() {
        return files;
    }

    @Override
    public void close() {
        scope.close();
    }
}
