package org.reverie.models.latent;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.reverie.io.AtomicFile;
import org.reverie.io.FormatException;

/** The files of a generator's folder. {@code generator.json} is written last: with it the folder is complete. */
final class GeneratorFiles {
    static final String MANIFEST = "generator.json";
    static final String AUTOENCODER = "autoencoder.safetensors";
    static final String DIFFUSION = "diffusion.safetensors";
    static final String TOKENS = "class_tokens";
    static final String AUTOENCODER_STATE = "autoencoder.state";
    static final String DIFFUSION_STATE = "diffusion.state";

    private static final int FORMAT = 1;
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private GeneratorFiles() {}

    /**
     * What a folder holds.
     *
     * @param format version of this description
     * @param classNames of the class tokens, in their order
     * @param scale what latents are multiplied with, so that their deviation is 1
     * @param autoencoderLoss the mean of the training's latest losses; likewise that of the noise predictor
     * @param identity what the training was determined by
     */
    record Manifest(
            int format,
            LatentConfig config,
            List<String> classNames,
            double scale,
            long seed,
            double autoencoderLoss,
            double diffusionLoss,
            String identity) {
        Manifest(
                LatentConfig config,
                List<String> classNames,
                double scale,
                long seed,
                double autoencoderLoss,
                double diffusionLoss,
                String identity) {
            this(FORMAT, config, classNames, scale, seed, autoencoderLoss, diffusionLoss, identity);
        }
    }

    static void write(Path folder, Manifest manifest) throws IOException {
        AtomicFile.writeBytes(
                folder.resolve(MANIFEST), (GSON.toJson(manifest) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static Manifest read(Path folder) throws IOException {
        Path file = folder.resolve(MANIFEST);
        try {
            Manifest m = GSON.fromJson(Files.readString(file), Manifest.class);
            if (m == null || m.config == null || m.format != FORMAT || m.identity == null || !(m.scale > 0)) {
                throw new FormatException(file.toString(), "format", "must be a generator of format " + FORMAT);
            }
            return m;
        } catch (RuntimeException e) { // Gson wraps what the records' constructors refuse
            throw new FormatException(file.toString(), "settings", "must be the JSON that training wrote", e);
        }
    }
}
