package org.reverie.models.stablediffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.Safetensors;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.nn.Outline;
import org.reverie.op.Random;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Stable Diffusion 1, whose weights can't be had here: full size without numbers, and reduced width with drawn ones. */
class StableDiffusionTest {
    @TempDir
    Path folder;

    private static final Initializer OUTLINE = Initializer.undefined(new Outline());

    private static Map<String, Shape> shapes(Module module) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        module.named()
                .forEach((n, p) -> shapes.put(n, p.layout().toFile(p.value().shape())));
        return shapes;
    }

    @Test
    void unetHasTheKnownSizeNamesAndShapes() {
        try (Scope scope = Scope.open()) {
            UNetConfig config = UNetConfig.STABLE_DIFFUSION_1;
            DiffusionUNet unet = new DiffusionUNet(OUTLINE, config);
            assertEquals(859_520_964, unet.parameterCount());
            Map<String, Shape> s = shapes(unet);
            assertEquals(686, s.size());
            assertEquals(Shape.of(320, 4, 3, 3), s.get("conv_in.weight"));
            assertEquals(Shape.of(640, 960, 3, 3), s.get("up_blocks.2.resnets.2.conv1.weight"));
            assertEquals(Shape.of(320, 768), s.get("up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_v.weight"));
            assertEquals(
                    Shape.of(2560, 320), s.get("down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight"));
            assertEquals(Shape.of(1280, 1280, 1, 1), s.get("mid_block.attentions.0.proj_in.weight"));
            assertFalse(s.containsKey("down_blocks.3.attentions.0.norm.weight"));
            Set<String> original = new HashSet<>();
            s.keySet().forEach(n -> original.add(CompVisNames.unet(n, config)));
            assertEquals(686, original.size());
            String u = "model.diffusion_model.";
            for (String name : new String[] {
                "time_embed.0.weight",
                "input_blocks.0.0.bias",
                "input_blocks.3.0.op.weight",
                "input_blocks.4.0.skip_connection.weight",
                "input_blocks.8.1.transformer_blocks.0.attn1.to_out.0.bias",
                "input_blocks.11.0.emb_layers.1.weight",
                "middle_block.1.proj_out.weight",
                "middle_block.2.out_layers.3.weight",
                "output_blocks.2.1.conv.weight",
                "output_blocks.5.2.conv.weight",
                "output_blocks.8.2.conv.bias",
                "output_blocks.11.1.norm.weight",
                "output_blocks.11.0.in_layers.2.weight",
                "out.0.weight",
                "out.2.weight"
            }) {
                assertTrue(original.contains(u + name), name);
            }
        }
    }

    @Test
    void autoencoderHasTheKnownSizeNamesAndShapes() {
        try (Scope scope = Scope.open()) {
            AutoencoderConfig config = AutoencoderConfig.STABLE_DIFFUSION_1;
            Autoencoder vae = new Autoencoder(OUTLINE, config);
            assertEquals(83_653_863, vae.parameterCount());
            Map<String, Shape> s = shapes(vae);
            assertEquals(248, s.size());
            long decoding = s.entrySet().stream()
                    .filter(e -> e.getKey().startsWith("decoder.") || e.getKey().startsWith("post_quant"))
                    .mapToLong(e -> e.getValue().elements())
                    .sum();
            assertEquals(49_490_199, decoding);
            Set<String> original = new HashSet<>();
            s.keySet().forEach(n -> original.add(CompVisNames.autoencoder(n, config)));
            assertEquals(248, original.size());
            for (String name : new String[] {
                "encoder.down.1.block.0.nin_shortcut.weight",
                "encoder.down.2.downsample.conv.weight",
                "encoder.mid.attn_1.proj_out.weight",
                "encoder.norm_out.weight",
                "decoder.up.0.block.0.nin_shortcut.weight",
                "decoder.up.3.upsample.conv.weight",
                "decoder.mid.block_2.conv1.weight",
                "decoder.mid.attn_1.norm.bias",
                "decoder.conv_out.weight",
                "quant_conv.weight",
                "post_quant_conv.bias"
            }) {
                assertTrue(original.contains("first_stage_model." + name), name);
            }
            assertFalse(original.contains("first_stage_model.decoder.up.0.upsample.conv.weight"));
        }
    }

    @Test
    void textEncoderHasTheKnownSize() {
        try (Scope scope = Scope.open()) {
            ClipTextEncoder text = new ClipTextEncoder(OUTLINE, ClipTextConfig.VIT_L_14);
            assertEquals(123_060_480, text.parameterCount());
            Map<String, Shape> s = shapes(text);
            assertEquals(196, s.size());
            assertEquals(Shape.of(49_408, 768), s.get("text_model.embeddings.token_embedding.weight"));
            assertEquals(Shape.of(3072, 768), s.get("text_model.encoder.layers.11.mlp.fc1.weight"));
            assertTrue(s.containsKey("text_model.encoder.layers.0.self_attn.out_proj.bias"));
            assertTrue(s.containsKey("text_model.final_layer_norm.bias"));
        }
    }

    @Test
    void bothLayoutsGiveTheSameBits() throws IOException {
        DrawnCheckpoint drawn = new DrawnCheckpoint(600);
        Path one = drawn.writeCkpt(folder.resolve("sd.ckpt"));
        Path other = drawn.writeFolder(folder.resolve("sd"));
        Path third = folder.resolve("sd.safetensors");
        Safetensors.write(third, drawn.compVis());
        float[] first = run(one);
        assertArrayEquals(first, run(other));
        assertArrayEquals(first, run(third));
        double squares = 0;
        for (float v : first) {
            assertTrue(Float.isFinite(v));
            squares += v * v;
        }
        assertTrue(squares > 0);
    }

    /** Text, one prediction, one image, and its latent image, all in one array. */
    private static float[] run(Path weights) throws IOException {
        try (Backend cpu = Devices.open("cpu", new BackendOptions(0, 1));
                StableDiffusion sd = StableDiffusion.load(cpu, weights);
                Scope scope = Scope.open()) {
            int[] ids = new int[77];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = 7 * i % 600;
            }
            Tensor context = sd.text().apply(Tensor.from(cpu, HostTensor.of(Shape.of(1, 77), ids)));
            assertEquals(Shape.of(1, 77, 32), context.shape());
            Tensor x = Random.normal(cpu, Shape.of(1, 8, 16, 4), 1, 2);
            Tensor t = Tensor.from(cpu, HostTensor.of(Shape.of(1), 981));
            Tensor noise = sd.unet().apply(x, t, context);
            assertEquals(x.shape(), noise.shape());
            Tensor image = sd.autoencoder().decode(noise);
            assertEquals(Shape.of(1, 64, 128, 3), image.shape());
            Tensor latents = sd.autoencoder().encode(image);
            assertEquals(x.shape(), latents.shape());
            return Shaping.concat(
                            0,
                            Views.reshape(context, -1),
                            Views.reshape(noise, -1),
                            Views.reshape(image, -1),
                            Views.reshape(latents, -1))
                    .toFloats();
        }
    }

    /** A checkpoint in half precision is loaded as it lies, in half the memory; widened, it is what F32 makes of it. */
    @Test
    void halfPrecisionIsKeptWhereItIsAskedFor() throws IOException {
        Map<String, HostTensor> tensors = new DrawnCheckpoint(600).compVis();
        tensors.replaceAll((name, t) -> t.dtype() == DType.F32 ? t.as(DType.F16) : t);
        Path file = folder.resolve("half.safetensors");
        Safetensors.write(file, tensors);
        try (Backend cpu = Devices.open("cpu", new BackendOptions(0, 1));
                StableDiffusion wide = StableDiffusion.load(cpu, file)) {
            long all = cpu.memory().live();
            try (StableDiffusion low = StableDiffusion.load(cpu, file, DType.F16)) {
                assertTrue(
                        cpu.memory().live() - all < 0.55 * all,
                        all + ", then " + cpu.memory().live());
                assertEquals(DType.F16, low.precision());
                Map<String, HostTensor> kept = low.unet().stateDict();
                wide.unet().stateDict().forEach((name, t) -> {
                    HostTensor own = kept.get(name);
                    assertEquals(t.shape().rank() > 1 ? DType.F16 : DType.F32, own.dtype(), name);
                    assertArrayEquals(t.toFloats(), own.toFloats(), name);
                });
            }
        }
    }

    @Test
    void everythingThatDoesNotFitIsNamedAtOnce() throws IOException {
        Map<String, HostTensor> tensors = new DrawnCheckpoint(600).compVis();
        tensors.remove("model.diffusion_model.out.2.bias");
        tensors.remove("first_stage_model.quant_conv.weight");
        tensors.put("cond_stage_model.transformer.text_model.extra", HostTensor.of(Shape.of(1), 1f));
        tensors.put("model.diffusion_model.time_embed.0.bias", HostTensor.of(Shape.of(3), 1f, 2f, 3f));
        Path file = folder.resolve("bad.safetensors");
        Safetensors.write(file, tensors);
        try (Backend cpu = Devices.open("cpu", new BackendOptions(0, 1))) {
            String message = assertThrows(IllegalArgumentException.class, () -> StableDiffusion.load(cpu, file))
                    .getMessage();
            for (String part : new String[] {
                "missing model.diffusion_model.out.2.bias [4]",
                "missing first_stage_model.quant_conv.weight [8, 8, 1, 1]",
                "unexpected cond_stage_model.transformer.text_model.extra [1]",
                "model.diffusion_model.time_embed.0.bias has shape [3] instead of [128]"
            }) {
                assertTrue(message.contains(part), message);
            }
            assertEquals(4, message.split(";").length);
            assertEquals(0, cpu.memory().live());
        }
    }
}
