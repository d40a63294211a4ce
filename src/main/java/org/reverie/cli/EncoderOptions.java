package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.ProceduralEncoder;
import org.reverie.models.WeightsFile;
import org.reverie.tensor.Device;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which network, with which weights. */
final class EncoderOptions {
    @Option(
            names = "--arch",
            paramLabel = "NAME",
            required = true,
            description = {
                "The network: resnet20 (32, 44, 56, 110) for CIFAR, mobilenet_v1_WIDTH_SIZE, mobilenet_v2_WIDTH_SIZE"
                        + " (such as mobilenet_v1_0.25_224, mobilenet_v2_1.0), squeezenet1_1, resnet50,"
                        + " efficientnet_b4, procedural."
            })
    private String arch;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Its weights: safetensors, or a PyTorch checkpoint of either form. The procedural encoder"
                    + " brings its own.")
    private Path weights;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    ImageModel open(Device device) throws IOException {
        WeightsFile file = weights(command, arch, weights);
        ImageModel model = Models.create(arch, file.tensors().keySet());
        model.network().load(device, file.source(), file.tensors());
        return model;
    }

    /** The weights of a network; only the procedural encoder has some without a file. */
    static WeightsFile weights(CommandSpec command, String arch, Path file) throws IOException {
        if (file != null) {
            return WeightsFile.open(file);
        }
        if (!arch.equals(ProceduralEncoder.NAME)) {
            throw new ParameterException(
                    command.commandLine(), arch + " needs --weights FILE; only procedural brings its own weights");
        }
        return WeightsFile.procedural();
    }
}
