package org.reverie.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.reverie.data.DreamSets;
import org.reverie.data.DreamSplits;
import org.reverie.data.ImageSet;
import org.reverie.data.PixelFormat;
import org.reverie.data.PixelSet;
import org.reverie.data.Split;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The ID images of a stage of Dream-OOD: those of an experiment, or any labelled data set. */
final class DreamImageOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--set",
            paramLabel = "mnist|fashion|cifar10",
            description = "The images of an experiment, with a part to calibrate, one to test and foreign sets.")
    private String set;

    @Option(names = "--id", paramLabel = "SET", description = "Instead: any labelled data set.")
    private String id;

    @Option(
            names = "--format",
            paramLabel = "strokes_16|grey_16|colour_16|colour_32",
            defaultValue = "colour_32",
            description = "How a data set's images are seen. Default: ${DEFAULT-VALUE}.")
    private PixelFormat format;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images of a data set. Default: all.")
    private Integer limit;

    @Option(names = "--quick", description = "Only a tenth of an experiment's images.")
    private boolean quick;

    private DreamSplits splits;

    private ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    private void requireOne() {
        if ((set == null) == (id == null)) {
            throw wrong("either --set or --id says which images");
        }
        if (set != null && !DreamSets.names().contains(set.toLowerCase(Locale.ROOT))) {
            throw wrong("--set must be one of " + String.join(", ", DreamSets.names()));
        }
        if (set == null && quick) {
            throw wrong("--quick is for an experiment's images, which --set names; of a data set --limit takes a part");
        }
    }

    /** Whether an experiment was named, whose images come in parts. */
    boolean isExperiment() {
        requireOne();
        return set != null;
    }

    /** The parts of the experiment, which are read once. */
    DreamSplits splits() throws IOException {
        if (!isExperiment()) {
            throw wrong("an experiment's images are needed: name it with --set");
        }
        if (splits == null) {
            splits = DreamSets.open(set.toLowerCase(Locale.ROOT), data.folder(), quick);
        }
        return splits;
    }

    /** ID images of a split; the training part of an experiment is never the tested one. */
    PixelSet images(Split split) throws IOException {
        if (isExperiment()) {
            if (limit != null) {
                throw wrong("--limit is for data sets; of an experiment's images --quick takes a tenth");
            }
            return split == Split.TRAIN ? splits().train() : splits().test();
        }
        return open(id, split);
    }

    /** Another data set in the same format. */
    PixelSet open(String name, Split split) throws IOException {
        try (ImageSet images = data.open(name, split, limit)) {
            return format.of(images, images.name());
        }
    }

    /** Other data sets in the same format. */
    List<PixelSet> openAll(List<String> names, Split split) throws IOException {
        List<PixelSet> all = new ArrayList<>();
        for (String name : names) {
            all.add(open(name, split));
        }
        return all;
    }
}
