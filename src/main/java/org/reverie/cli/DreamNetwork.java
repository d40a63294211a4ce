package org.reverie.cli;

import org.reverie.ood.dream.ResidualConfig;

/** Networks of Dream-OOD by their names on the command line. */
enum DreamNetwork {
    SMALL,
    RESNET18,
    RESNET34;

    /** Its size for images of so many channels. */
    ResidualConfig config(int channels) {
        return switch (this) {
            case SMALL -> ResidualConfig.small(channels);
            case RESNET18 -> ResidualConfig.resnet18(channels);
            case RESNET34 -> ResidualConfig.resnet34().withChannels(channels);
        };
    }
}
