package org.reverie.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.models.Models;
import org.reverie.models.Network;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** MobileNetV2 1.0 on images of 224×224: logits of a batch, with random weights. */
public class MobileNetBench extends CpuBench {
    public static class Inference extends CpuState {
        @Param({"1", "32"})
        public int batch;

        private Network network;
        private Tensor images;

        @Override
        protected void prepare() {
            network = Models.create("mobilenet_v2_1.0_224", Set.of()).network();
            Map<String, HostTensor> weights = new LinkedHashMap<>();
            network.checkpointShapes().forEach((name, shape) -> weights.put(name, random(name, shape)));
            network.load(device, "random weights", weights);
            images = normal(batch, 224, 224, 3);
        }

        /** Normal with variance 2 / inputs (He et al. 2015), which keeps activations in range; biases are 0. */
        private static HostTensor random(String name, Shape shape) {
            float[] values = new float[(int) shape.elements()];
            if (shape.rank() > 1) {
                float deviation = (float) Math.sqrt(2.0 * shape.dim(0) / values.length);
                Philox.fillNormal(1, Philox.stream(name), 0, values);
                for (int i = 0; i < values.length; i++) {
                    values[i] *= deviation;
                }
            }
            return HostTensor.of(shape, values);
        }

        @Override
        protected void work() {
            network.forward(images);
        }

        @Override
        public void close() {
            network.close();
            super.close();
        }
    }

    @Benchmark
    public void forward(Inference s, Work work) {
        s.run(work);
    }
}
