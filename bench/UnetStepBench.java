package org.reverie.bench;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Steps;
import org.reverie.models.FashionUNet;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** One step of ancestral sampling with the Fashion-MNIST U-Net: the noise it predicts, fresh noise, the update. */
public class UnetStepBench extends CpuBench {
    public static class Sampling extends CpuState {
        private static final int TIME = 500;

        @Param("16")
        public int batch;

        private FashionUNet network;
        private DdpmSpec coefficients;
        private Tensor images;
        private Tensor times;

        @Override
        protected void prepare() {
            network = new FashionUNet(new Initializer(device, 1));
            coefficients = Steps.ddpm(NoiseSchedule.linear(1000, 1e-4, 0.02), TIME, false);
            images = normal(batch, 28, 28, 1);
            int[] t = new int[batch];
            Arrays.fill(t, TIME);
            times = Tensor.from(device, HostTensor.of(Shape.of(batch), t));
        }

        @Override
        protected void work() {
            Tensor fresh = normal(batch, 28, 28, 1);
            DiffusionOps.ddpmStep(images, network.apply(images, times), fresh, coefficients);
        }
    }

    @Benchmark
    public void step(Sampling s, Work work) {
        s.run(work);
    }
}
