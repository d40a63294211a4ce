package org.reverie.models.latent;

import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.op.Shaping;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The noise predictor and the text transformer that tells it of the class. A prompt has five tokens: begin, two words, the
 * class, end. The class is no row of the table but an embedding that comes with each image, so that any point between and
 * beyond the classes can stand there. The null prompt is the begin and four ends.
 */
final class PromptedUNet extends Module {
    static final int PROMPT = 5;
    private static final int BEGIN = 0;
    private static final int FIRST_WORD = 1;
    private static final int SECOND_WORD = 2;
    private static final int END = 3;
    private static final int VOCABULARY = 4;

    /** Times the width: the hidden layer of the text transformer's perceptrons. */
    private static final int EXPANSION = 4;

    private final DiffusionUNet unet;
    private final ClipTextEncoder text;

    PromptedUNet(Initializer init, LatentConfig config) {
        int width = config.width();
        ClipTextConfig size = new ClipTextConfig(
                VOCABULARY, PROMPT, width, config.textLayers(), EXPANSION * width, config.textHeads());
        unet = part("unet", new DiffusionUNet(init.in("unet"), config.unet()));
        text = part("text", new ClipTextEncoder(init.in("text"), size));
    }

    DiffusionUNet unet() {
        return unet;
    }

    /**
     * The states {@code [N, 5, width]} of prompts.
     *
     * @param embeddings of the classes {@code [N, width]}
     * @param told whether an image is told its class; the others get the null prompt
     */
    Tensor prompts(Tensor embeddings, boolean[] told) {
        int[] ids = new int[told.length * PROMPT];
        for (int n = 0; n < told.length; n++) {
            int[] prompt = told[n]
                    ? new int[] {BEGIN, FIRST_WORD, SECOND_WORD, VOCABULARY + n, END}
                    : new int[] {BEGIN, END, END, END, END};
            System.arraycopy(prompt, 0, ids, n * PROMPT, PROMPT);
        }
        Tensor table = Shaping.concat(0, text.tokenTable(), embeddings);
        HostTensor places = HostTensor.of(Shape.of(told.length, PROMPT), ids);
        return text.encode(Shaping.embedding(table, Tensor.from(embeddings.device(), places)));
    }

    /** The predicted noise, of the noisy latents' shape; see {@link DiffusionUNet#apply}. */
    Tensor noise(Tensor latents, Tensor times, Tensor context) {
        return unet.apply(latents, times, context);
    }
}
