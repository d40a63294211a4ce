package org.reverie.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.reverie.op.Engine;
import org.reverie.op.Op;
import org.reverie.op.Recorder;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * What a piece of work takes at least, by the declarations of the ops it runs.
 *
 * @param flop floating-point operations; a fused multiply-add counts two, taps in the padding of a convolution count
 * @param bytes every op's inputs read once and its outputs written once
 * @param error of the result against binary64, in parts of the largest number; NaN if it isn't known
 * @param form which of several forms of the work is run, see {@link Rival#form}
 */
record Cost(long flop, long bytes, double error, int form) {
    Cost(long flop, long bytes) {
        this(flop, bytes, Double.NaN, 0);
    }

    Cost withError(double e) {
        return new Cost(flop, bytes, e, form);
    }

    Cost withForm(int f) {
        return new Cost(flop, bytes, error, f);
    }

    /** This and work that ops in place do. */
    Cost plus(long moreFlop, long moreBytes) {
        return new Cost(flop + moreFlop, bytes + moreBytes, error, form);
    }

    /** Runs the work once and counts. In-place ops (optimizers, averages) aren't recorded, so they don't count. */
    static Cost of(Runnable work) {
        try (Counter counter = new Counter();
                Scope scope = Scope.open()) {
            Engine.recording(counter, () -> {
                work.run();
                return null;
            });
            return new Cost(counter.flop, counter.bytes);
        }
    }

    private static final class Counter implements Recorder, AutoCloseable {
        private final Scope scope = Scope.detached();
        private long flop;
        private long bytes;

        @Override
        public boolean wants(Tensor[] inputs) {
            return true;
        }

        @Override
        public Scope scope() {
            return scope;
        }

        @Override
        public void record(Op<?> op, Record attributes, Tensor[] inputs, Tensor[] outputs) {
            boolean view = inputs.length > 0 && inputs[0] != null && inputs[0].buffer() == outputs[0].buffer();
            if (!view) {
                flop += (long) op.flops(attributes, specs(inputs), specs(outputs));
                bytes += (long) Op.bytes(specs(inputs), specs(outputs));
            }
        }

        private static List<TensorSpec> specs(Tensor[] tensors) {
            List<TensorSpec> specs = new ArrayList<>();
            Arrays.stream(tensors).forEach(t -> specs.add(t == null ? null : t.spec()));
            return specs;
        }

        @Override
        public void close() {
            scope.close();
        }
    }
}
