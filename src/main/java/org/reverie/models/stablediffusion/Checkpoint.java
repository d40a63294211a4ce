package org.reverie.models.stablediffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.reverie.io.Weights;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.nn.Module;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * The weights of a Stable Diffusion 1 model as they lie in files: one checkpoint with the original program's names, or a
 * folder as diffusers writes it. Sizes are taken from the shapes, so that a narrower model of the same build is read too.
 */
final class Checkpoint {
    private static final List<String> NAMES = List.of(
            "diffusion_pytorch_model.safetensors",
            "diffusion_pytorch_model.fp16.safetensors",
            "model.safetensors",
            "model.fp16.safetensors",
            "diffusion_pytorch_model.bin",
            "pytorch_model.bin");

    /** The three networks, with their folders and their prefixes. */
    enum Part {
        UNET("U-Net", "unet", CompVisNames.UNET),
        AUTOENCODER("autoencoder", "vae", CompVisNames.AUTOENCODER),
        TEXT("text encoder", "text_encoder", CompVisNames.TEXT);

        private final String title;
        private final String folder;
        private final String prefix;

        Part(String title, String folder, String prefix) {
            this.title = title;
            this.folder = folder;
            this.prefix = prefix;
        }
    }

    private final String source;
    private final boolean folder;
    private final List<Path> files = new ArrayList<>();
    private final Map<Part, Map<String, HostTensor>> found = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();

    private Checkpoint(String source, boolean folder) {
        this.source = source;
        this.folder = folder;
    }

    static Checkpoint open(Path place) throws IOException {
        Checkpoint c = new Checkpoint(place.toString(), Files.isDirectory(place));
        if (c.folder) {
            for (Part part : Part.values()) {
                Path file = inFolder(place.resolve(part.folder));
                c.files.add(file);
                c.found.put(part, Weights.open(file).tensors());
            }
            return c;
        }
        c.files.add(place);
        Map<String, HostTensor> all = Weights.open(place).tensors();
        for (Part part : Part.values()) {
            Map<String, HostTensor> own = new LinkedHashMap<>();
            all.forEach((name, tensor) -> {
                if (name.startsWith(part.prefix)) {
                    own.put(name, tensor);
                }
            });
            c.found.put(part, own);
        }
        return c;
    }

    private static Path inFolder(Path folder) throws IOException {
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        throw new NoSuchFileException(folder.resolve(NAMES.get(folder.endsWith(Part.TEXT.folder) ? 2 : 0))
                .toString());
    }

    List<Path> files() {
        return files;
    }

    UNetConfig unetConfig() {
        UNetConfig usual = UNetConfig.STABLE_DIFFUSION_1;
        String toText = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight";
        return UNetConfig.ofWidth(
                extent(Part.UNET, name(usual, "conv_in.weight"), 0, usual.width()),
                extent(Part.UNET, name(usual, toText), 1, usual.contextWidth()));
    }

    AutoencoderConfig autoencoderConfig() {
        AutoencoderConfig usual = AutoencoderConfig.STABLE_DIFFUSION_1;
        String name = "encoder.conv_in.weight";
        return AutoencoderConfig.ofWidth(
                extent(Part.AUTOENCODER, folder ? name : CompVisNames.autoencoder(name, usual), 0, usual.width()));
    }

    ClipTextConfig textConfig() {
        ClipTextConfig usual = ClipTextConfig.VIT_L_14;
        String prefix = folder ? "" : CompVisNames.TEXT;
        String tokens = prefix + "text_model.embeddings.token_embedding.weight";
        String positions = prefix + "text_model.embeddings.position_embedding.weight";
        String hidden = prefix + "text_model.encoder.layers.0.mlp.fc1.weight";
        return new ClipTextConfig(
                extent(Part.TEXT, tokens, 0, usual.vocabulary()),
                extent(Part.TEXT, positions, 0, usual.positions()),
                extent(Part.TEXT, tokens, 1, usual.width()),
                usual.layers(),
                extent(Part.TEXT, hidden, 0, usual.hidden()));
    }

    private String name(UNetConfig config, String name) {
        return folder ? name : CompVisNames.unet(name, config);
    }

    /** An extent of a tensor in the file; the usual one where there is no such tensor. */
    private int extent(Part part, String name, int axis, int usual) {
        HostTensor t = found.get(part).get(name);
        return t == null || t.shape().rank() <= axis ? usual : t.shape().dim(axis);
    }

    Map<String, HostTensor> unet(DiffusionUNet outline) {
        return fit(Part.UNET, outline, name -> List.of(name(outline.config(), name)));
    }

    Map<String, HostTensor> autoencoder(Autoencoder outline) {
        return fit(
                Part.AUTOENCODER,
                outline,
                name -> folder
                        ? List.of(name, before2023(name))
                        : List.of(CompVisNames.autoencoder(name, outline.config())));
    }

    Map<String, HostTensor> text(Module outline) {
        return fit(Part.TEXT, outline, name -> List.of(folder ? name : CompVisNames.TEXT + name));
    }

    /** What diffusers called the autoencoder's attention in its first releases. */
    private static String before2023(String name) {
        return !name.contains("mid_block.attentions.0.")
                ? name
                : name.replace(".to_q.", ".query.")
                        .replace(".to_k.", ".key.")
                        .replace(".to_v.", ".value.")
                        .replace(".to_out.0.", ".proj_attn.");
    }

    private interface FileNames {
        /** Under which names a parameter may lie in the file; the first one is the one to report. */
        List<String> of(String name);
    }

    /** The tensors of a network by its own names; what does not fit is written down for {@link #check}. */
    private Map<String, HostTensor> fit(Part part, Module outline, FileNames names) {
        Map<String, HostTensor> tensors = found.get(part);
        Map<String, HostTensor> fitting = new LinkedHashMap<>();
        Set<String> used = new LinkedHashSet<>();
        if (tensors.isEmpty()) {
            wrong.add("no tensor of the " + part.title + " (" + (folder ? part.folder + "/" : part.prefix) + "…)");
            return fitting;
        }
        String where = folder ? part.folder + "/" : "";
        outline.named().forEach((name, parameter) -> {
            Shape shape = parameter.layout().toFile(parameter.value().shape());
            List<String> candidates = names.of(name);
            String inFile =
                    candidates.stream().filter(tensors::containsKey).findFirst().orElse(candidates.getFirst());
            used.add(inFile);
            HostTensor t = tensors.get(inFile);
            if (t == null) {
                wrong.add("missing " + where + inFile + " " + shape);
                return;
            }
            HostTensor flat = shape.rank() == 2 ? withoutPixels(t) : t;
            if (!flat.shape().equals(shape)) {
                wrong.add(where + inFile + " has shape " + t.shape() + " instead of " + shape);
            } else if (!t.dtype().isFloating()) {
                wrong.add(where + inFile + " holds " + t.dtype() + " numbers");
            }
            fitting.put(name, flat);
        });
        for (String name : tensors.keySet()) {
            if (!used.contains(name) && !name.endsWith(".position_ids")) {
                wrong.add("unexpected " + where + name + " " + tensors.get(name).shape());
            }
        }
        return fitting;
    }

    /** A 1×1 convolution as the matrix it is: the original program's autoencoder attends with convolutions. */
    private static HostTensor withoutPixels(HostTensor t) {
        Shape s = t.shape();
        boolean pixel = s.rank() == 4 && s.dim(2) == 1 && s.dim(3) == 1;
        return pixel ? t.reshape(Shape.of(s.dim(0), s.dim(1))) : t;
    }

    /** @throws IllegalArgumentException with everything in one line, if any tensor of any network does not fit */
    void check() {
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    source + ": is no Stable Diffusion 1 model: " + String.join("; ", wrong));
        }
    }

    String source() {
        return source;
    }
}
