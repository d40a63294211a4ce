package org.reverie.models;

import java.util.List;
import org.reverie.data.Preprocess;

/**
 * A network with what is needed to use it: how images become its input, which of its activations DLSR reads, and what its
 * logits mean.
 *
 * @param preprocess the training setting's input; for photographs, {@code photographs()} crops instead of squashing
 * @param taps the default activations for layer-wise features, shallow to deep
 * @param classOffset index of the first class among the logits: 1 where logit 0 is "background"
 * @param shortSide what the short side of a photograph is resized to before the crop; 0 squashes
 */
public record ImageModel(Network network, Preprocess preprocess, List<String> taps, int classOffset, int shortSide) {
    public String name() {
        return network.name();
    }

    /** The input for classifying photographs. */
    public Preprocess photographs() {
        return shortSide == 0 ? preprocess : preprocess.cropped(shortSide);
    }
}
