package org.reverie.bench;

import java.util.Set;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.models.Models;
import org.reverie.models.Network;
import org.reverie.tensor.Tensor;

/**
 * How inference scales: MobileNetV2 1.0 over the batch at 224 pixels, and over the image's side at batch 8. The column
 * {@code memory} is the peak of the device's tensors, weights and inputs included.
 */
public class ScaleBench extends CpuBench {
    static final int BATCH_OF_SIDES = 8;

    /** Reverie alone, on the CPU and through OpenCL. */
    public abstract static class Inference extends Contest {
        @Param({REVERIE, OPENCL})
        public String engine;

        private Network network;
        private Tensor images;

        abstract int images();

        abstract int pixels();

        @Override
        final String engine() {
            return engine;
        }

        @Override
        protected void prepare() {
            network = Models.create("mobilenet_v2_1.0_224", Set.of()).network();
            network.load(device, "random weights", RandomWeights.of(network.checkpointShapes()));
            images = normal(images(), pixels(), pixels(), 3);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {network.forward(images)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            throw new IllegalStateException("scaling is measured without rivals");
        }

        @Override
        protected void release() {
            network.close();
        }
    }

    public static class Batches extends Inference {
        @Param({"1", "2", "4", "8", "16", "32", "64"})
        @Short({"1", "4", "16", "64"})
        public int batch;

        @Override
        int images() {
            return batch;
        }

        @Override
        int pixels() {
            return 224;
        }
    }

    public static class Sides extends Inference {
        @Param({"96", "128", "160", "192", "224", "320"})
        @Short({"96", "160", "320"})
        public int side;

        @Override
        int images() {
            return BATCH_OF_SIDES;
        }

        @Override
        int pixels() {
            return side;
        }
    }

    @Benchmark
    public void batches(Batches s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void sides(Sides s, Work work) {
        s.run(work);
    }
}
