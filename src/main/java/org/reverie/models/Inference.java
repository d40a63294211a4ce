package org.reverie.models;

import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.data.ImageSet;
import org.reverie.data.Preprocess;
import org.reverie.nn.WeightLayout;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Runs a network over many images, a batch at a time. Results do not depend on the batch size. */
public final class Inference {
    /** Takes the outputs of one batch; batches come in order. */
    public interface Sink {
        /**
         * @param first index of the batch's first image
         * @param count images in the batch
         * @param outputs by name, first axis of extent {@code count}; images and maps NCHW, as other programs write them
         */
        void accept(int first, int count, Map<String, HostTensor> outputs) throws IOException;
    }

    private final Network network;
    private final Device device;
    private final Collection<String> outputs;
    private final int batch;

    /**
     * @param network with its weights on {@code device}
     * @param outputs names to compute, see {@link Network#outputs}
     * @param batch images computed at once; bounds the memory
     */
    public Inference(Network network, Device device, Collection<String> outputs, int batch) {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch has at least one image, not " + batch);
        }
        this.network = network;
        this.device = device;
        this.outputs = outputs;
        this.batch = batch;
    }

    /** All images of a set. */
    public void run(ImageSet images, Preprocess preprocess, Sink sink) throws IOException {
        int side = preprocess.side();
        for (int first = 0; first < images.size(); first += batch) {
            int count = Math.min(batch, images.size() - first);
            float[] pixels = new float[count * preprocess.floatsPerImage()];
            preprocess.fill(images, first, count, pixels);
            step(HostTensor.of(Shape.of(count, side, side, 3), pixels), first, sink);
        }
    }

    /**
     * A tensor that is preprocessed already.
     *
     * @param images NCHW, any floating dtype
     */
    public void run(HostTensor images, Sink sink) throws IOException {
        Shape shape = images.shape();
        if (shape.rank() != 4 || !images.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "a batch of images is a floating NCHW tensor of rank 4, not " + images.dtype() + " " + shape);
        }
        HostTensor nhwc = WeightLayout.CONV.fromFile(images.as(DType.F32));
        long bytes = nhwc.data().byteSize() / Math.max(1, shape.dim(0));
        for (int first = 0; first < shape.dim(0); first += batch) {
            int count = Math.min(batch, shape.dim(0) - first);
            HostTensor part = new HostTensor(
                    nhwc.dtype(), nhwc.shape().with(0, count), nhwc.data().asSlice(first * bytes, count * bytes));
            step(part, first, sink);
        }
    }

    private void step(HostTensor nhwc, int first, Sink sink) throws IOException {
        Map<String, HostTensor> results = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> found = network.forward(Tensor.from(device, nhwc), outputs);
            found.forEach((name, t) -> {
                HostTensor host = t.toHost();
                results.put(name, host.shape().rank() == 4 ? WeightLayout.CONV.toFile(host) : host);
            });
        }
        sink.accept(first, nhwc.shape().dim(0), results);
    }
}
