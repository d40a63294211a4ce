package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.reverie.io.Safetensors;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;

/** Checkpoints with random weights, for tests that care about the way and not about the answer. */
final class DrawnWeights {
    private DrawnWeights() {}

    /** Writes a checkpoint of a network; what may be a variance is positive. */
    static Path write(String arch, Path folder) throws IOException {
        ImageModel model = Models.create(arch, Set.of());
        Map<String, HostTensor> state = new LinkedHashMap<>();
        model.network().checkpointShapes().forEach((name, shape) -> {
            float[] values = new float[(int) shape.elements()];
            Philox.fillUniform(1, Philox.stream(name), 0, values);
            boolean weight = name.endsWith("weight") && shape.rank() > 1;
            for (int i = 0; i < values.length; i++) {
                values[i] = weight ? 0.2f * (values[i] - 0.5f) : values[i] + 0.1f;
            }
            state.put(name, HostTensor.of(shape, values));
        });
        Path file = folder.resolve(arch + ".safetensors");
        Safetensors.write(file, state);
        return file;
    }
}
