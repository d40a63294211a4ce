package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.WeightsFile;
import org.reverie.tensor.Device;
import picocli.CommandLine.Option;

/** Which network, with which weights. */
final class EncoderOptions {
    @Option(
            names = {"--arch", "--encoder"},
            paramLabel = "NAME",
            required = true,
            description = {
                "The network: resnet20 (32, 44, 56, 110) for CIFAR, mobilenet_v1_WIDTH_SIZE, mobilenet_v2_WIDTH_SIZE"
                        + " (such as mobilenet_v1_0.25_224, mobilenet_v2_1.0), squeezenet1_1, resnet50,"
                        + " efficientnet_b4."
            })
    private String arch;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            required = true,
            description = "Its weights: safetensors, or a PyTorch checkpoint of either form.")
    private Path weights;

    ImageModel open(Device device) throws IOException {
        WeightsFile file = WeightsFile.open(weights);
        ImageModel model = Models.create(arch, file.tensors().keySet());
        model.network().load(device, file.source(), file.tensors());
        return model;
    }
}
