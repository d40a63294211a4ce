package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.autograd.Tape;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.op.Attention;
import org.reverie.tensor.Tensor;

/** Self-attention of a latent diffusion U-Net: eight heads, one image. */
public class AttentionBench extends CpuBench {
    private static final int HEADS = 8;

    public abstract static class Heads extends Contest.Duel {
        /** Numbers a head. */
        @Param({"40", "64", "80", "160"})
        @Short({"40", "80"})
        public int d;

        @Param({"64", "256", "1024"})
        @Short({"64", "1024"})
        public int tokens;

        protected AttentionSpec spec;
        protected Tensor q;
        protected Tensor k;
        protected Tensor v;

        @Override
        protected void prepare() {
            spec = new AttentionSpec(1 / Math.sqrt(d), false);
            q = normal(1, HEADS, tokens, d);
            k = normal(1, HEADS, tokens, d);
            v = normal(1, HEADS, tokens, d);
        }

        /** Number i of softmax(scale · q·kᵀ) · v. */
        @Override
        protected double exact(int i) {
            int row = i / d;
            int head = row / tokens * tokens;
            double largest = Double.NEGATIVE_INFINITY;
            double[] scores = new double[tokens];
            for (int j = 0; j < tokens; j++) {
                int key = head + j;
                scores[j] = (float) spec.scale()
                        * Exact.sum(d, c -> Exact.at(q, (long) row * d + c) * Exact.at(k, (long) key * d + c));
                largest = Math.max(largest, scores[j]);
            }
            double weights = 0;
            double sum = 0;
            for (int j = 0; j < tokens; j++) {
                double p = Math.exp(scores[j] - largest);
                weights += p;
                sum += p * Exact.at(v, (long) (head + j) * d + i % d);
            }
            return sum / weights;
        }
    }

    public static class Forward extends Heads {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Attention.attention(q, k, v, null, spec)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(q, k, v).run("return [torch.scaled_dot_product_attention(x[0], x[1], x[2])]");
        }
    }

    /** Forward and backward: the result and the three gradients. */
    public static class Backward extends Heads {
        private Tensor gradient;

        @Override
        protected void prepare() {
            super.prepare();
            gradient = normal(1, HEADS, tokens, d);
        }

        @Override
        protected Tensor[] work() {
            try (Tape tape = Tape.watch(List.of(q, k, v))) {
                Tensor y = Attention.attention(q, k, v, null, spec);
                List<Tensor> g = tape.gradients(y, gradient, List.of(q, k, v));
                return new Tensor[] {g.get(0), g.get(1), g.get(2)};
            }
        }

        /** The fused kernels that autograd would call. */
        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(q, k, v, gradient).run("""
                y, l = torch._scaled_dot_product_flash_attention_for_cpu(x[0], x[1], x[2], 0., False)
                dq, dk, dv = torch._scaled_dot_product_flash_attention_for_cpu_backward(x[3], x[0], x[1], x[2], y, l, 0., False)
                return [dq, dk, dv]
                """);
        }

        /** There is no plain loop for the gradients here; autograd's tests compare them with differences. */
        @Override
        protected double exact(int i) {
            return Double.NaN;
        }
    }

    @Benchmark
    public void attention(Forward s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void attentionAndGradients(Backward s, Work work) {
        s.run(work);
    }
}
