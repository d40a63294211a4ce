package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.List;
import org.reverie.data.Image;
import org.reverie.data.PixelSet;
import org.reverie.data.Resize;
import org.reverie.models.Imagination;
import org.reverie.models.Progress;
import org.reverie.models.clip.ClipTokenizer;
import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Makes pictures from embeddings that stand for a class: stage 3's half that is a matter of the generator. */
public interface Painter {
    /** Pictures that are best made at once. */
    int atOnce();

    /** Width of an embedding. */
    int width();

    /**
     * One picture for each embedding; picture i depends on its embedding, the seed, the class and the number
     * {@code first + i}.
     *
     * @param number of the class
     * @param embeddings {@code [n, width]}
     */
    List<Image> paint(int number, HostTensor embeddings, long first, Progress progress);

    /** Pictures that a class has numbers for. */
    long NUMBERS = 1L << 32;

    /** With the small generator of the reduced setting. */
    static Painter small(Imagination generator, Imagination.Drawing how, long seed) {
        return new Painter() {
            @Override
            public int atOnce() {
                return how.batch();
            }

            @Override
            public int width() {
                return generator.width();
            }

            @Override
            public List<Image> paint(int number, HostTensor embeddings, long first, Progress progress) {
                float[] pixels = generator
                        .imagine(embeddings, how, seed, number * NUMBERS + first, progress)
                        .toFloats();
                int n = embeddings.shape().dim(0);
                PixelSet set =
                        new PixelSet("imagined", generator.side(), generator.channels(), pixels, new int[n], List.of());
                List<Image> images = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    images.add(set.image(i));
                }
                return images;
            }
        };
    }

    /**
     * With Stable Diffusion.
     *
     * @param classes a prompt for each class; each must contain the token that is replaced
     * @param wish everything but the prompt
     * @param side the pictures are reduced to this many pixels, by the mean over areas
     */
    static Painter stableDiffusion(
            TextToImage model,
            ClipTokenizer tokenizer,
            int width,
            List<ClassPrompt> classes,
            TextToImage.Wish wish,
            int side,
            long seed) {
        int[] tokens = classes.stream().mapToInt(c -> c.token(tokenizer)).toArray();
        return new Painter() {
            @Override
            public int atOnce() {
                return 1;
            }

            @Override
            public int width() {
                return width;
            }

            @Override
            public List<Image> paint(int number, HostTensor embeddings, long first, Progress progress) {
                List<Image> images = new ArrayList<>();
                float[] rows = embeddings.toFloats();
                TextToImage.Wish own = new TextToImage.Wish(
                        classes.get(number).prompt(),
                        wish.negative(),
                        wish.height(),
                        wish.width(),
                        wish.scheduler(),
                        wish.steps(),
                        wish.guidance(),
                        null,
                        1);
                for (int i = 0; i < embeddings.shape().dim(0); i++) {
                    float[] row = new float[width];
                    System.arraycopy(rows, i * width, row, 0, width);
                    TextToImage.Token token = new TextToImage.Token(tokens[number], row);
                    Image image = model.draw(own, token, seed, number * NUMBERS + first + i, progress);
                    images.add(Resize.resize(image, side, side, Resize.Filter.BOX));
                }
                return images;
            }
        };
    }

    /** Some embeddings of a class, {@code [rows.length, d]} of {@code [classes, n, d]}. */
    static HostTensor rows(HostTensor embeddings, int number, int[] rows) {
        int each = embeddings.shape().dim(1);
        int d = embeddings.shape().dim(2);
        float[] some = new float[rows.length * d];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < d; j++) {
                some[i * d + j] = (float) embeddings.get(((long) number * each + rows[i]) * d + j);
            }
        }
        return HostTensor.of(Shape.of(rows.length, d), some);
    }
}
