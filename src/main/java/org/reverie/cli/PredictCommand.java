package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.io.Npz;
import org.reverie.io.Weights;
import org.reverie.models.Accuracy;
import org.reverie.models.ImageModel;
import org.reverie.models.Inference;
import org.reverie.models.Network;
import org.reverie.tensor.HostTensor;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs an image network. */
@Command(
        name = "predict",
        description = {
            "Run an image network over a data set or a tensor.",
            "Prints the share of right answers where the labels are known and are the network's classes; otherwise the"
                    + " likeliest class of each image and its logit.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "The file of --out holds the result under its name (logits, mostly) and with --taps each tap as tap_NAME;",
            "maps are NCHW, as other programs write them, '/' in names becomes '_'.",
            "",
            "Examples:",
            "  reverie predict --arch resnet20 --weights resnet20-12fca82f.th --data cifar10",
            "  reverie predict --arch mobilenet_v2_1.0 --weights mobilenet_v2.safetensors --data photos/ --limit 5",
            "  reverie predict --arch resnet20 --weights resnet20.th --input x.npz --key images --taps --out y.npz"
        })
final class PredictCommand implements Callable<Integer> {
    private static final String LOGITS = "logits";

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DataOptions data;

    @Mixin
    private EncoderOptions encoder;

    @ArgGroup(multiplicity = "1")
    private What what;

    /** What to run the network over. */
    static final class What {
        @Option(names = "--data", paramLabel = "SET", description = "A data set, by name or path.")
        private String set;

        @Option(
                names = "--input",
                paramLabel = "FILE.npz",
                description = "A floating NCHW tensor that is preprocessed already; also .npy and safetensors.")
        private Path tensor;
    }

    @Option(
            names = "--key",
            paramLabel = "NAME",
            description = "Which array of --input. Default: the only one, else input.")
    private String key;

    @Option(
            names = "--split",
            paramLabel = "train|test",
            defaultValue = "test",
            description = "Which part of the data set. Default: ${DEFAULT-VALUE}.")
    private Split split;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images. Default: all.")
    private Integer limit;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "32",
            description = "Images computed at once; the results do not depend on it. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--taps",
            paramLabel = "A,B",
            arity = "0..1",
            fallbackValue = "",
            split = ",",
            description = "Also write activations to --out: those named, else the ones that DLSR reads.")
    private List<String> taps;

    @Option(names = "--out", paramLabel = "FILE.npz", description = "Where to write the outputs.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        if (taps != null && out == null) {
            throw new ParameterException(spec.commandLine(), "--taps needs --out, the file they are written to");
        }
        try (Backend device = run.open()) {
            ImageModel model = encoder.open(device);
            try (Network network = model.network()) {
                List<String> names = new ArrayList<>(List.of(network.output()));
                if (taps != null) {
                    names.addAll(taps.equals(List.of("")) ? model.taps() : taps);
                }
                Inference inference = new Inference(network, device, names, batch);
                if (what.set != null) {
                    images(model, inference);
                } else {
                    tensor(model, inference);
                }
            }
        }
        return Main.OK;
    }

    private void images(ImageModel model, Inference inference) throws IOException {
        try (ImageSet images = data.open(what.set, split, limit);
                TerminalProgress progress = run.progress()) {
            Predictions found = new Predictions(images.size(), out != null);
            Answers answers = new Answers(model, images);
            inference.run(images, model.photographs(), (first, count, outputs) -> {
                found.accept(first, count, outputs);
                answers.take(first, count, outputs.get(LOGITS));
                progress.at("predicting", first + count, images.size(), "");
            });
            progress.close();
            answers.print(spec.commandLine().getOut());
            write(found, model);
        }
    }

    private void tensor(ImageModel model, Inference inference) throws IOException {
        HostTensor input = input();
        Predictions found = new Predictions(input.shape().dim(0), out != null);
        PrintWriter lines = spec.commandLine().getOut();
        inference.run(input, (first, count, outputs) -> {
            found.accept(first, count, outputs);
            HostTensor logits = outputs.get(LOGITS);
            if (logits != null) {
                float[] values = logits.toFloats();
                int classes = values.length / count;
                for (int i = 0; i < count; i++) {
                    lines.println(guess(what.tensor + "[" + (first + i) + "]", values, classes, i, model));
                }
            }
        });
        write(found, model);
    }

    private HostTensor input() throws IOException {
        Map<String, HostTensor> arrays = Weights.open(what.tensor).tensors();
        String name = key != null
                ? key
                : arrays.size() == 1 ? arrays.keySet().iterator().next() : "input";
        HostTensor found = arrays.get(name);
        if (found == null) {
            throw new IllegalArgumentException(what.tensor + ": there is no array called " + name + "; there are "
                    + String.join(", ", arrays.keySet()));
        }
        if (found.shape().rank() != 4) {
            throw new IllegalArgumentException(what.tensor + ": " + name + " has the shape " + found.shape()
                    + ", but a batch of images has four axes, NCHW");
        }
        return limit == null ? found : Predictions.first(found, limit);
    }

    private void write(Predictions found, ImageModel model) throws IOException {
        if (out == null) {
            return;
        }
        Map<String, HostTensor> arrays = new LinkedHashMap<>();
        found.tensors().forEach((name, tensor) -> {
            boolean result = name.equals(model.network().output());
            arrays.put(result ? name : "tap_" + name.replace('/', '_'), tensor);
        });
        Npz.write(out, arrays);
    }

    private static String guess(String image, float[] logits, int classes, int row, ImageModel model) {
        int best = Accuracy.best(logits, classes, row);
        return String.format(
                Locale.ROOT,
                "%s  class %d  logit %.4f",
                image,
                best - model.classOffset(),
                logits[row * classes + best]);
    }

    /** What the network says, and how often it is right. */
    private static final class Answers {
        private final ImageModel model;
        private final ImageSet images;
        private final Accuracy accuracy = new Accuracy();
        private final List<String> guesses = new ArrayList<>();
        private int classes;

        Answers(ImageModel model, ImageSet images) {
            this.model = model;
            this.images = images;
        }

        void take(int first, int count, HostTensor logits) {
            if (logits == null) {
                return;
            }
            float[] values = logits.toFloats();
            classes = values.length / count;
            for (int i = 0; i < count; i++) {
                int label = images.label(first + i);
                if (label >= 0 && hasTheNetworksClasses()) {
                    accuracy.add(values, classes, i, label + model.classOffset());
                } else {
                    guesses.add(guess(images.imageName(first + i), values, classes, i, model));
                }
            }
        }

        /** Labels mean classes only if both sides have equally many; a set that names none is taken at its word. */
        private boolean hasTheNetworksClasses() {
            int named = images.classNames().size();
            return named == classes - model.classOffset() || named == 0;
        }

        void print(PrintWriter out) {
            guesses.forEach(out::println);
            if (accuracy.images() > 0) {
                out.printf(Locale.ROOT, "top-1 %.2f %%%n", accuracy.top1());
                if (classes > 10) {
                    out.printf(Locale.ROOT, "top-5 %.2f %%%n", accuracy.top5());
                }
            }
        }
    }
}
