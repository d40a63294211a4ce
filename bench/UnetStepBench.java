package org.reverie.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.bench.LibTorch.Form;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Steps;
import org.reverie.models.FashionUNet;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** One step of ancestral sampling with the Fashion-MNIST U-Net: the noise it predicts, and the update. */
public class UnetStepBench extends CpuBench {
    public static class Sampling extends Contest.Duel {
        private static final int TIME = 500;

        @Param("16")
        public int batch;

        private FashionUNet network;
        private DdpmSpec coefficients;
        private Tensor images;
        private Tensor noise;
        private Tensor times;

        @Override
        protected void prepare() {
            network = new FashionUNet(new Initializer(device, 1));
            coefficients = Steps.ddpm(NoiseSchedule.linear(1000, 1e-4, 0.02), TIME, false);
            images = normal(batch, 28, 28, 1);
            noise = normal(batch, 28, 28, 1);
            long[] t = new long[batch];
            Arrays.fill(t, TIME);
            times = Tensor.from(device, HostTensor.of(Shape.of(batch), t));
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {DiffusionOps.ddpmStep(images, network.apply(images, times), noise, coefficients)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return LibTorch.fastest(torch(engine, Form.PLAIN), torch(engine, Form.CHANNELS_LAST));
        }

        private Rival torch(LibTorch engine, Form form) {
            String layout = form == Form.PLAIN ? ".contiguous()" : ".contiguous(memory_format=2)";
            Map<String, HostTensor> state = new LinkedHashMap<>(network.stateDict());
            List<HostTensor> in = new ArrayList<>(List.of(images.toHost(), noise.toHost(), times.toHost()));
            List<String> prepared = new ArrayList<>();
            prepared.add("x[0].permute([0, 3, 1, 2])" + layout);
            prepared.add("x[1].permute([0, 3, 1, 2])" + layout);
            prepared.add("x[2]");
            Map<String, String> names = new LinkedHashMap<>();
            state.forEach((name, t) -> {
                String argument = "x[" + in.size() + "]";
                names.put(name, argument);
                prepared.add(argument + (t.shape().rank() == 4 ? layout : ""));
                in.add(t);
            });
            return engine.job(in)
                    .form(form)
                    .prepare("return [" + String.join(",\n  ", prepared) + "]")
                    .finish("return [x[0].permute([0, 2, 3, 1]).contiguous()]")
                    .run(new TorchUnet(names).step("x[0]", "x[1]", "x[2]", coefficients));
        }
    }

    @Benchmark
    public void step(Sampling s, Work work) {
        s.run(work);
    }
}
