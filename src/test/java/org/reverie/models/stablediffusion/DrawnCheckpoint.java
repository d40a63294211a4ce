package org.reverie.models.stablediffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.io.Safetensors;
import org.reverie.io.TorchFiles;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.nn.Outline;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

/**
 * A model of the full layout and reduced width with weights drawn from a seed, for tests; it can be written under either
 * program's names.
 */
public final class DrawnCheckpoint {
    private final ClipTextConfig textConfig;
    private final UNetConfig unetConfig = UNetConfig.ofWidth(32, 32);
    private final AutoencoderConfig autoencoderConfig = AutoencoderConfig.ofWidth(32);
    private final Map<String, HostTensor> text;
    private final Map<String, HostTensor> unet;
    private final Map<String, HostTensor> autoencoder;

    /** @param vocabulary tokens of the text encoder */
    public DrawnCheckpoint(int vocabulary) {
        textConfig = new ClipTextConfig(vocabulary, 77, 32, 12, 64);
        try (Scope scope = Scope.open()) {
            Initializer outline = Initializer.undefined(new Outline());
            text = drawn("text.", new ClipTextEncoder(outline, textConfig));
            unet = drawn("unet.", new DiffusionUNet(outline, unetConfig));
            autoencoder = drawn("vae.", new Autoencoder(outline, autoencoderConfig));
        }
    }

    private static Map<String, HostTensor> drawn(String prefix, Module module) {
        Map<String, HostTensor> state = new LinkedHashMap<>();
        module.named().forEach((name, p) -> {
            Shape shape = p.layout().toFile(p.value().shape());
            float[] values = new float[(int) shape.elements()];
            Philox.fillUniform(5, Philox.stream(prefix + name), 0, values);
            double fanIn = shape.rank() > 1 ? shape.elements() / (double) shape.dim(0) : 1;
            float bound = (float) Math.sqrt(1 / fanIn);
            for (int i = 0; i < values.length; i++) {
                float v = 2 * values[i] - 1;
                values[i] = shape.rank() > 1
                        ? bound * v
                        : name.contains("norm") && name.endsWith("weight") ? 1 + 0.1f * v : 0.1f * v;
            }
            state.put(name, HostTensor.of(shape, values));
        });
        return state;
    }

    /** All tensors under the original program's names, with some that no network uses. */
    public Map<String, HostTensor> compVis() {
        Map<String, HostTensor> all = new LinkedHashMap<>();
        all.put("betas", HostTensor.of(Shape.of(2), 0.1f, 0.2f));
        all.put("model_ema.decay", HostTensor.of(Shape.of(1), 0.5f));
        all.put(
                "cond_stage_model.transformer.text_model.embeddings.position_ids",
                HostTensor.of(Shape.of(1, 2), 0L, 1L));
        unet.forEach((name, t) -> all.put(CompVisNames.unet(name, unetConfig), t));
        autoencoder.forEach((name, t) -> {
            boolean attention = name.contains("attentions") && t.shape().rank() == 2;
            Shape pixels = attention ? Shape.of(t.shape().dim(0), t.shape().dim(1), 1, 1) : t.shape();
            all.put(CompVisNames.autoencoder(name, autoencoderConfig), t.reshape(pixels));
        });
        text.forEach((name, t) -> all.put(CompVisNames.TEXT + name, t));
        return all;
    }

    /** Writes a zip checkpoint with everything under {@code state_dict}, as the original is. */
    public Path writeCkpt(Path file) throws IOException {
        TorchFiles.writeZip(file, Map.of("state_dict", new LinkedHashMap<>(compVis()), "global_step", 470_000L));
        return file;
    }

    /** Writes a diffusers folder. */
    public Path writeFolder(Path folder) throws IOException {
        Safetensors.write(folder.resolve("unet/diffusion_pytorch_model.safetensors"), unet);
        Map<String, HostTensor> early = new LinkedHashMap<>();
        autoencoder.forEach((name, t) -> early.put(
                name.replace("attentions.0.to_q", "attentions.0.query")
                        .replace("attentions.0.to_k", "attentions.0.key")
                        .replace("attentions.0.to_v", "attentions.0.value")
                        .replace("attentions.0.to_out.0", "attentions.0.proj_attn"),
                t));
        Safetensors.write(folder.resolve("vae/diffusion_pytorch_model.safetensors"), early);
        Safetensors.write(folder.resolve("text_encoder/model.safetensors"), text);
        return folder;
    }
}
