package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.models.latent.LatentConfig;

/** The noise predictor of Dream-OOD's reduced setting, for one batch at one time step. */
public class LatentUnetBench extends CpuBench {
    public static class Reduced extends DiffusionContest.Predicting {
        private static final int PROMPT = 5;

        @Param("64")
        public int batch;

        @Override
        protected void prepare() {
            LatentConfig c = LatentConfig.of("mnist");
            make(c.unet(), batch, c.latentSide(), PROMPT).freeze();
        }
    }

    @Benchmark
    public void noise(Reduced s, Work work) {
        s.run(work);
    }
}
