package org.reverie.cli;

import org.reverie.ood.dream.Augmentation;
import org.reverie.ood.dream.SgdSettings;
import picocli.CommandLine.Option;

/** The network of a stage of Dream-OOD and what its training shows it. */
final class DreamTrainingOptions {
    @Option(
            names = "--network",
            paramLabel = "small|resnet18|resnet34",
            defaultValue = "small",
            description = "What is trained: three blocks; ResNet-18 of half the width; the paper's ResNet-34. Default:"
                    + " ${DEFAULT-VALUE}.")
    private DreamNetwork network;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images of a step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--shift",
            paramLabel = "N",
            defaultValue = "1",
            description = "Pixels that a training image is shifted by at most. Default: ${DEFAULT-VALUE}.")
    private int shift;

    @Option(names = "--mirror", description = "Mirror half of the training images.")
    private boolean mirror;

    DreamNetwork network() {
        return network;
    }

    int batch() {
        return batch;
    }

    /** @throws IllegalArgumentException if a number makes no sense */
    SgdSettings settings(int epochs, double rate) {
        return SgdSettings.of(epochs, batch, rate, new Augmentation(shift, mirror));
    }
}
