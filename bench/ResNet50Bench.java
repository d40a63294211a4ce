package org.reverie.bench;

import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.reverie.tensor.HostTensor;

/** ResNet-50: logits of a batch. */
public class ResNet50Bench extends CpuBench {
    public static class Inference extends ImageNetContest {
        @Override
        protected String model() {
            return "resnet50";
        }

        @Override
        protected String output() {
            return "logits";
        }

        @Override
        protected Rival blueprint(Plan plan, Map<String, HostTensor> state) {
            return new Blueprints(plan, state).resNet50();
        }
    }

    @Benchmark
    public void forward(Inference s, Work work) {
        s.run(work);
    }
}
