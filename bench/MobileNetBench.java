package org.reverie.bench;

import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.reverie.tensor.HostTensor;

/** MobileNetV2 1.0: logits of a batch. */
public class MobileNetBench extends CpuBench {
    public static class Inference extends ImageNetContest {
        @Override
        protected String model() {
            return "mobilenet_v2_1.0_224";
        }

        @Override
        protected String output() {
            return "logits";
        }

        @Override
        protected Rival blueprint(Plan plan, Map<String, HostTensor> state) {
            return new Blueprints(plan, state).mobileNet();
        }
    }

    @Benchmark
    public void forward(Inference s, Work work) {
        s.run(work);
    }
}
