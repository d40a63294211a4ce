package org.reverie.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Param;
import org.reverie.bench.LibTorch.Form;
import org.reverie.models.Models;
import org.reverie.models.Network;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** Inference of an image network with random weights on images of 224×224 that are floats already. */
public abstract class ImageNetContest extends Contest.OpenContest {
    private static final int SIDE = 224;

    @Param({"1", "8", "32"})
    @Short({"1", "8"})
    public int batch;

    private Network network;
    private Map<String, HostTensor> weights;
    private Tensor images;

    /** The network's name in {@link Models}, and the output that is computed. */
    protected abstract String model();

    protected abstract String output();

    /** The same for a rival, up to the same output. */
    protected abstract Rival blueprint(Plan plan, Map<String, HostTensor> state);

    @Override
    protected void prepare() {
        network = Models.create(model(), Set.of()).network();
        weights = RandomWeights.of(network.checkpointShapes());
        network.load(device, "random weights", weights);
        images = normal(batch, SIDE, SIDE, 3);
    }

    @Override
    protected Tensor[] work() {
        return new Tensor[] {network.forward(images, List.of(output())).get(output())};
    }

    @Override
    protected Rival libtorch(LibTorch engine) {
        return LibTorch.fastest(Stream.of(Form.values())
                .map(form -> blueprint(TorchPlan.on(images.toHost(), engine, form), weights))
                .toArray(Rival[]::new));
    }

    @Override
    protected Rival onnxruntime(OnnxRuntime engine) {
        return blueprint(new OnnxPlan(engine, images.toHost()), weights);
    }

    @Override
    protected double tolerance() {
        return 1e-3;
    }

    @Override
    protected void release() {
        network.close();
    }
}
