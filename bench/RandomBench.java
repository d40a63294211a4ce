package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Random numbers. The generators differ (Philox there and Mersenne Twister in LibTorch), so the check compares mean and
 * mean square. LibTorch draws on one thread whatever it is given.
 */
public class RandomBench extends CpuBench {
    public abstract static class Draw extends Contest.Duel {
        @Param({"65536", "16777216"})
        @Short("16777216")
        public int count;

        @Override
        protected void prepare() {}

        protected abstract Tensor draw();

        protected abstract String script();

        @Override
        protected Tensor[] work() {
            return new Tensor[] {draw()};
        }

        /** Two moments. */
        @Override
        protected Tensor[] compared() {
            Tensor x = draw();
            return new Tensor[] {Reductions.mean(Pointwise.square(x), 0), Reductions.mean(Pointwise.addScalar(x, 1), 0)
            };
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job()
                    .finish("return [torch.mean(torch.square(x[0])), torch.mean(torch.add(x[0], 1))]")
                    .run("return [" + script() + "([" + count + "])]");
        }

        @Override
        protected double tolerance() {
            return 10 / Math.sqrt(count);
        }

        @Override
        protected Cost cost() {
            return new Cost(0, 4L * count);
        }
    }

    public static class Normal extends Draw {
        @Override
        protected Tensor draw() {
            return Random.normal(device, Shape.of(count), 1, 0);
        }

        @Override
        protected String script() {
            return "torch.randn";
        }
    }

    public static class Uniform extends Draw {
        @Override
        protected Tensor draw() {
            return Random.uniform(device, Shape.of(count), 1, 0);
        }

        @Override
        protected String script() {
            return "torch.rand";
        }
    }

    @Benchmark
    public void normal(Normal s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void uniform(Uniform s, Work work) {
        s.run(work);
    }
}
