package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ResampleSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Resampling of images of bytes, a line of the result to a task. By scalar loops: on the CPU images are resized before they are tensors. */
final class ByteBindings {
    private static final int PRECISION = 22;
    private static final int HALF = 1 << PRECISION - 1;
    private static final int VALUES = 256;

    private final Workers workers;

    ByteBindings(Workers workers) {
        this.workers = workers;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("resample_bytes", this::resample);
    }

    /** Where an axis is read, and with which weights. */
    private record Taps(long start, long weight, int count, int extent) {
        static Taps of(Tensor start, Tensor weight, int extent) {
            return new Taps(
                    Operands.address(Operands.contiguous(start)),
                    Operands.address(Operands.contiguous(weight)),
                    weight.dim(1),
                    extent);
        }

        int place(int i, int k) {
            return Math.clamp(Numbers.getInt(start + 4L * i) + k, 0, extent - 1);
        }

        int weight(int i, int k) {
            return Numbers.getInt(weight + 4L * (i * count + k));
        }
    }

    private void resample(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        boolean reversed = call.attributes(ResampleSpec.class).reversed();
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Taps rows = Taps.of(call.in(1), call.in(2), x.dim(1));
            Taps columns = Taps.of(call.in(3), call.in(4), x.dim(2));
            long table = Operands.address(Operands.contiguous(call.in(5)));
            int channels = y.dim(3);
            int line = y.dim(2) * channels;
            workers.parallelFor(y.dim(0) * y.dim(1), (task, worker) -> {
                long image = Operands.address(x) + (long) (task / y.dim(1)) * x.dim(1) * x.dim(2) * channels;
                long to = Operands.address(y) + 4L * task * line;
                for (int i = 0; i < line; i++) {
                    int channel = i % channels;
                    long from = image + (reversed ? channels - 1 - channel : channel);
                    int value = number(rows, columns, from, task % y.dim(1), i / channels, channels);
                    Numbers.setFloat(to + 4L * i, Numbers.getFloat(table + 4L * (channel * VALUES + value)));
                }
            });
        }
    }

    private static int number(Taps rows, Taps columns, long from, int row, int column, int channels) {
        int sum = HALF;
        for (int a = 0; a < rows.count; a++) {
            long line = from + (long) rows.place(row, a) * columns.extent * channels;
            int inner = HALF;
            for (int b = 0; b < columns.count; b++) {
                inner += columns.weight(column, b)
                        * (Numbers.getByte(line + (long) columns.place(column, b) * channels) & 0xff);
            }
            sum += rows.weight(row, a) * toByte(inner);
        }
        return toByte(sum);
    }

    private static int toByte(int sum) {
        return Math.clamp(sum >> PRECISION, 0, VALUES - 1);
    }
}
