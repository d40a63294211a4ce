package org.reverie.bench;

import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.reverie.tensor.HostTensor;

/** EfficientNet-B4 at 224 pixels up to block 31, the last that DLSR reads. */
public class EfficientNetBench extends CpuBench {
    private static final int LAST = 31;

    public static class Features extends ImageNetContest {
        @Override
        protected String model() {
            return "efficientnet_b4";
        }

        @Override
        protected String output() {
            return "block" + LAST;
        }

        @Override
        protected Rival blueprint(Plan plan, Map<String, HostTensor> state) {
            return plan.rival(new Blueprints(plan, state).efficientNet(List.of(LAST)));
        }
    }

    @Benchmark
    public void features(Features s, Work work) {
        s.run(work);
    }
}
