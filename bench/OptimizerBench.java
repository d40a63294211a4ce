package org.reverie.bench;

import ai.djl.pytorch.engine.PtNDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.op.Optimizers;
import org.reverie.op.Pointwise;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What an optimiser does to one parameter: a weight of the LFDN, and 128 MiB of numbers. */
public class OptimizerBench extends CpuBench {
    public abstract static class Parameter extends Contest.Duel {
        @Param({"2073600", "33554432"})
        @Short("33554432")
        public int count;

        protected Tensor value;
        protected Tensor gradient;

        @Override
        protected void prepare() {
            value = normal(count);
            gradient = normal(count);
        }
    }

    public static class AdamW extends Parameter {
        private static final AdamWSpec SPEC = new AdamWSpec(1e-4, 0.9, 0.999, 1e-8, 0.01, 10);

        private Tensor first;
        private Tensor second;

        @Override
        protected void prepare() {
            super.prepare();
            first = normal(count);
            second = Pointwise.square(normal(count));
        }

        @Override
        protected Tensor[] work() {
            Optimizers.adamwStep(value, gradient, first, second, SPEC);
            return new Tensor[] {value, first, second};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return new TorchAdamW(
                    engine, List.of(value.toHost(), gradient.toHost(), first.toHost(), second.toHost()), SPEC);
        }

        /** Reads four arrays and writes three; about twelve operations a number. */
        @Override
        protected Cost cost() {
            return new Cost(12L * count, 28L * count);
        }
    }

    /** LibTorch's fused AdamW on one parameter. */
    private static final class TorchAdamW implements Rival {
        private final TorchUpdates updates = new TorchUpdates();
        private final Arena arena = Arena.ofConfined();
        private final List<PtNDArray> tensors = new ArrayList<>();
        private final List<MemorySegment> lists = new ArrayList<>();
        private final AdamWSpec spec;

        /** @param state value, gradient, first and second moment */
        TorchAdamW(LibTorch engine, List<HostTensor> state, AdamWSpec spec) {
            this.spec = spec;
            state.forEach(t -> tensors.add(engine.tensor(t)));
            tensors.add(engine.tensor(HostTensor.of(Shape.of(), (float) spec.step())));
            tensors.forEach(t -> lists.add(TorchUpdates.list(List.of(t), arena)));
        }

        @Override
        public void run() {
            updates.adamw(lists.get(0), lists.get(1), lists.get(2), lists.get(3), lists.get(4), spec);
        }

        @Override
        public List<HostTensor> results() {
            run();
            return Stream.of(0, 2, 3).map(i -> LibTorch.host(tensors.get(i))).toList();
        }

        @Override
        public void close() {
            tensors.forEach(PtNDArray::close);
            arena.close();
            updates.close();
        }
    }

    public static class MovingAverage extends Parameter {
        private static final double DECAY = 0.999;

        @Override
        protected Tensor[] work() {
            Optimizers.emaUpdate(value, gradient, DECAY);
            return new Tensor[] {value};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(value, gradient).run("return [x[0].lerp_(x[1], " + (1 - DECAY) + ")]");
        }

        @Override
        protected Cost cost() {
            return new Cost(2L * count, 12L * count);
        }
    }

    @Benchmark
    public void adamw(AdamW s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void movingAverage(MovingAverage s, Work work) {
        s.run(work);
    }
}
