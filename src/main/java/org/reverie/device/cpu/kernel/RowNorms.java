package org.reverie.device.cpu.kernel;

import org.reverie.device.cpu.NormGeometry;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;

/**
 * Normalisations whose elements of one mean lie one after the other (spatial extent 1): layer norm, and group norm of
 * vectors. All steps are done for a few rows while these are in the first cache: sums, then squares, so that the end of
 * one row's sum overlaps the next row's, then the result.
 */
final class RowNorms {
    /** Elements whose steps are done together; a gradient has eight arrays of them, so takes a quarter as many. */
    private static final int BLOCK = 1 << 12;

    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;
    private final ColumnSums columns;

    RowNorms(Workers workers, ColumnSums columns) {
        this.workers = workers;
        this.columns = columns;
    }

    /** What a normalisation reads; addresses of an absent weight and bias are 0. */
    record Operands(
            NormGeometry g, long x, long means, long variances, long weight, long bias, float epsilon, boolean own) {
        float mean(int s) {
            return Lanes.get(means + 4L * s);
        }

        float reciprocal(int s) {
            return 1f / (float) Math.sqrt(Lanes.get(variances + 4L * s) + epsilon);
        }

        /** Where the parameters of a group begin, relative to the first. */
        long parameters(int s) {
            return 4L * (s % g.groups()) * g.channels();
        }

        /** The statistics of groups [from, to), if they are to be those of x. */
        void statistics(int from, int to) {
            if (!own) {
                return;
            }
            int n = g.channels();
            for (int s = from; s < to; s++) {
                Lanes.set(means + 4L * s, RowSums.sum(x + 4L * s * n, n) / n);
            }
            for (int s = from; s < to; s++) {
                Lanes.set(variances + 4L * s, RowSums.squares(x + 4L * s * n, n, mean(s)) / n);
            }
        }
    }

    /** Statistics groups [from, to), of whole rows. */
    private interface Groups {
        void run(int from, int to, int worker);
    }

    private void blocks(NormGeometry g, int block, Groups body) {
        if (g.outer() == 0 || g.parameters() == 0) {
            return;
        }
        int together = Math.max(1, block / g.parameters());
        int each = Math.max(1, RUN / g.parameters());
        workers.parallelFor(Math.ceilDiv(g.outer(), each), (task, worker) -> {
            int end = Math.min(g.outer(), (task + 1) * each);
            for (int row = task * each; row < end; row += together) {
                body.run(row * g.groups(), Math.min(end, row + together) * g.groups(), worker);
            }
        });
    }

    /** The weight, or as many ones. */
    private long scale(Operands o, int worker) {
        return o.weight != 0 ? o.weight : numbers(1f, o.g.parameters(), worker, 0);
    }

    /** The bias, or as many zeros. */
    private long shift(Operands o, int worker) {
        return o.bias != 0 ? o.bias : numbers(0f, o.g.parameters(), worker, 1);
    }

    private long numbers(float value, int n, int worker, int slot) {
        int count = Math.ceilDiv(n, Lanes.N);
        long at = workers.memory(worker, slot, 4L * Lanes.N * count);
        FormulaLoops.fill(value, at, 4L * Lanes.N * count);
        return at;
    }

    void normalize(Operands o, Activation activation, long y) {
        NormGeometry g = o.g;
        int n = g.channels();
        blocks(g, BLOCK, (from, to, worker) -> {
            o.statistics(from, to);
            long scale = scale(o, worker);
            long shift = shift(o, worker);
            for (int s = from; s < to; s++) {
                long at = 4L * s * n;
                long p = o.parameters(s);
                NormLoops.affine(o.x + at, o.mean(s), o.reciprocal(s), scale + p, shift + p, n, y + at);
            }
            if (activation != Activation.NONE) {
                long at = 4L * from * n;
                Unary f = Unary.valueOf(activation.name());
                Elements.apply(f, (to - from) * n, y + at, y + at, workers, worker);
            }
        });
    }

    /** @param workspace room for two tensors like x: the gradient before the activation, and its product with x̂ */
    void gradient(Operands o, long gradient, Activation activation, long dx, long dWeight, long dBias, long workspace) {
        NormGeometry g = o.g;
        int n = g.channels();
        boolean active = activation != Activation.NONE;
        long u = active ? workspace : gradient;
        long product = workspace + 4L * g.rows() * g.parameters();
        blocks(g, BLOCK / 4, (from, to, worker) -> {
            o.statistics(from, to);
            int count = (to - from) * n;
            long begin = 4L * from * n;
            long size = 4L * Math.ceilDiv(count, Lanes.N) * Lanes.N;
            long normal = workers.memory(worker, 3, 3 * size);
            long h = normal + size;
            long hn = h + size;
            long scale = scale(o, worker);
            long shift = shift(o, worker);
            for (int s = from; s < to; s++) {
                long at = 4L * s * n;
                long p = o.parameters(s);
                NormLoops.both(
                        o.x + at,
                        o.mean(s),
                        o.reciprocal(s),
                        scale + p,
                        shift + p,
                        n,
                        normal + at - begin,
                        h + at - begin);
            }
            if (active) {
                Binary slope = Binary.valueOf(activation.name() + "_GRADIENT");
                Elements.apply(slope, count, h, gradient + begin, u + begin, workers, worker);
            }
            for (int s = from; s < to; s++) {
                long at = 4L * s * n;
                long local = at - begin;
                NormLoops.products(
                        u + at, normal + local, scale + o.parameters(s), n, product + at, h + local, hn + local);
            }
            for (int s = from; s < to; s++) {
                long at = 4L * s * n;
                long local = at - begin;
                float meanH = RowSums.sum(h + local, n) / n;
                float meanHn = RowSums.sum(hn + local, n) / n;
                NormLoops.input(h + local, normal + local, meanH, meanHn, o.reciprocal(s), n, dx + at);
            }
        });
        columns.run(1, g.rows(), g.parameters(), u, 0, dBias);
        columns.run(1, g.rows(), g.parameters(), product, 0, dWeight);
    }
}
