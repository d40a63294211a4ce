package org.reverie.models;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reverie.data.Preprocess;

/** The image networks by name. */
public final class Models {
    private static final Pattern MOBILENET = Pattern.compile("mobilenet_v([12])_(\\d+(?:\\.\\d+)?)(?:_(\\d+))?");
    private static final Pattern CIFAR = Pattern.compile("resnet(20|32|44|56|110)");

    private Models() {}

    /** The names that {@link #create} understands, for help texts. */
    public static List<String> names() {
        return List.of(
                "resnet20|32|44|56|110",
                "mobilenet_v1_WIDTH[_SIZE]",
                "mobilenet_v2_WIDTH[_SIZE]",
                "squeezenet1_1",
                "resnet50",
                "efficientnet_b4",
                ProceduralEncoder.NAME);
    }

    /**
     * A network without weights.
     *
     * @param checkpoint the tensor names of the checkpoint that is to be loaded; they tell Keras's form of MobileNetV2 from
     *     the folded one
     */
    public static ImageModel create(String name, Set<String> checkpoint) {
        Matcher mobilenet = MOBILENET.matcher(name);
        if (mobilenet.matches()) {
            int size = mobilenet.group(3) == null ? 224 : Integer.parseInt(mobilenet.group(3));
            if (size < 32 || size > 1024) {
                throw new IllegalArgumentException("the input size of " + name + " must be between 32 and 1024");
            }
            return mobileNet(name, mobilenet.group(1), Double.parseDouble(mobilenet.group(2)), size, checkpoint);
        }
        Matcher cifar = CIFAR.matcher(name);
        if (cifar.matches()) {
            Network n = CifarResNet.build(Integer.parseInt(cifar.group(1)));
            return new ImageModel(n, Preprocess.cifarResnet(), List.of("layer1", "layer2", "layer3"), 0, 0);
        }
        return switch (name) {
            case "squeezenet1_1" ->
                new ImageModel(
                        SqueezeNet.build(),
                        Preprocess.squeezenet(227),
                        List.of("fire3/concat", "fire5/concat", "fire9/concat"),
                        0,
                        0);
            case "resnet50" ->
                new ImageModel(
                        ResNet50.build(), Preprocess.imagenet(224), List.of("layer1", "layer2", "layer3"), 0, 256);
            case "efficientnet_b4" ->
                new ImageModel(
                        EfficientNetB4.build(),
                        Preprocess.imagenet(224),
                        List.of("block1", "block5", "block9", "block21", "block31"),
                        0,
                        256);
            case ProceduralEncoder.NAME -> ProceduralEncoder.model();
            default ->
                throw new IllegalArgumentException(
                        "no network is called " + name + "; there are " + String.join(", ", names()));
        };
    }

    private static ImageModel mobileNet(String name, String version, double width, int size, Set<String> checkpoint) {
        if (width < 0.1 || width > 4) {
            throw new IllegalArgumentException("the width of " + name + " must be between 0.1 and 4");
        }
        Preprocess pre = Preprocess.mobilenet(size);
        int crop = Math.round(size * 256f / 224);
        if (version.equals("1")) {
            List<String> taps = List.of("conv06_act", "conv10_act", "conv22_act", "conv26_act");
            return new ImageModel(MobileNet.v1(name, width, size), pre, taps, 1, crop);
        }
        if (checkpoint.contains("Conv1.weight")) {
            List<String> taps = List.of("block_2_add", "block_5_add", "block_12_add", "block_16_project_BN");
            return new ImageModel(MobileNet.v2Keras(name, width, size), pre, taps, 0, crop);
        }
        List<String> taps = List.of("add09", "add20", "add46", "conv60");
        return new ImageModel(MobileNet.v2(name, width, size), pre, taps, 1, crop);
    }
}
