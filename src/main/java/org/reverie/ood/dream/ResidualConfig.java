package org.reverie.ood.dream;

import java.util.List;

/**
 * Size of a {@link ResidualNetwork}.
 *
 * @param channels of the images
 * @param stem channels of the first convolution
 * @param widths channels of each stage
 * @param blocks of each stage
 * @param strides of each stage's first block
 */
public record ResidualConfig(
        int channels, int stem, List<Integer> widths, List<Integer> blocks, List<Integer> strides) {
    public ResidualConfig {
        widths = List.copyOf(widths);
        blocks = List.copyOf(blocks);
        strides = List.copyOf(strides);
        if (channels < 1 || stem < 1 || widths.isEmpty()) {
            throw new IllegalArgumentException("a residual network needs channels, a stem and a stage");
        }
        if (blocks.size() != widths.size() || strides.size() != widths.size()) {
            throw new IllegalArgumentException("each stage needs a width, a number of blocks and a stride, not "
                    + widths + ", " + blocks + ", " + strides);
        }
    }

    /** ResNet-34 with the CIFAR stem, which the official program uses for CIFAR-100 and ImageNet-100 alike. */
    public static ResidualConfig resnet34() {
        return new ResidualConfig(3, 64, List.of(64, 128, 256, 512), List.of(3, 4, 6, 3), List.of(1, 2, 2, 2));
    }

    /** A ResNet-18 of half the width. */
    public static ResidualConfig resnet18(int channels) {
        return new ResidualConfig(channels, 32, List.of(32, 64, 128, 256), List.of(2, 2, 2, 2), List.of(1, 2, 2, 2));
    }

    /** Three blocks, for images of 16 pixels. */
    public static ResidualConfig small(int channels) {
        return new ResidualConfig(channels, 16, List.of(16, 32, 64), List.of(1, 1, 1), List.of(1, 2, 2));
    }

    /** The same for images of other channels. */
    public ResidualConfig withChannels(int other) {
        return new ResidualConfig(other, stem, widths, blocks, strides);
    }

    /** Numbers that the network makes of an image before its last layer. */
    public int features() {
        return widths.getLast();
    }
}
