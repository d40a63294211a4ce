package org.reverie.models;

import java.util.List;
import org.reverie.data.Preprocess;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.NetworkBuilder.Conv;

/** The procedurally pretrained encoder in inference form. Taps {@code stage1} … {@code stage4}; output {@code logits}. */
public final class ProceduralEncoder {
    public static final String NAME = "procedural";

    /** Channels of the four stages. */
    static final int[] WIDTHS = {16, 32, 64, 128};

    static final double EPS = 1e-5;

    private ProceduralEncoder() {}

    static ImageModel model() {
        NetworkBuilder b = new NetworkBuilder();
        String x = Network.INPUT;
        int in = 3;
        for (int s = 0; s < WIDTHS.length; s++) {
            int out = WIDTHS[s];
            for (int i = 0; i < 2; i++) {
                String name = "stage" + (s + 1) + "." + i;
                ConvSpec spec = ConvSpec.of(s > 0 && i == 0 ? 2 : 1).pad(1).activation(Activation.SILU);
                Conv c = Conv.of(name + ".conv", in, out, 3, spec).norm(name + ".bn", EPS);
                x = b.conv(i == 1 ? "stage" + (s + 1) : name, x, c);
                in = out;
            }
        }
        x = b.globalAvgPool("penultimate", x);
        x = b.linear("logits", x, "head", in, ProceduralImages.CLASSES);
        List<String> taps = List.of("stage1", "stage2", "stage3", "stage4");
        return new ImageModel(b.build(NAME, x), Preprocess.procedural(), taps, 0, 0);
    }
}
