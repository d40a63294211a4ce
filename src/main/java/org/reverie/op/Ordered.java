package org.reverie.op;

import org.reverie.numerics.Contract;

/** The orders of summation that the contract fixes (docs/numerics.md, rules 2 and 3), for scalar references. */
final class Ordered {
    private Ordered() {}

    interface Elements {
        double at(int i);
    }

    /** Rule 2, the sum of a(i)·b(i): chains of fma over chunks of k, chunk sums added by the pairwise tree. */
    static double contract(Arithmetic m, int k, Elements a, Elements b) {
        PairwiseTree tree = new PairwiseTree(m);
        for (int start = 0; start < k; start += Contract.CHUNK) {
            int end = Math.min(k, start + Contract.CHUNK);
            double acc = 0;
            for (int i = start; i < end; i++) {
                acc = m.fma(a.at(i), b.at(i), acc);
            }
            tree.push(acc);
        }
        return tree.sum();
    }

    /** Rule 3: 32 lanes, halving, segments. The sum of no elements is 0. */
    static double sum(Arithmetic m, int n, Elements x) {
        if (n > Contract.SEGMENT) {
            int segments = (n + Contract.SEGMENT - 1) / Contract.SEGMENT;
            double[] partial = new double[segments];
            for (int s = 0; s < segments; s++) {
                int from = s * Contract.SEGMENT;
                partial[s] = sum(m, Math.min(Contract.SEGMENT, n - from), i -> x.at(from + i));
            }
            return sum(m, segments, i -> partial[i]);
        }
        double[] lane = new double[Contract.LANES];
        for (int i = 0; i < n; i++) {
            lane[i % Contract.LANES] = m.add(lane[i % Contract.LANES], x.at(i));
        }
        for (int h = Contract.LANES / 2; h >= 1; h /= 2) {
            for (int l = 0; l < h; l++) {
                lane[l] = m.add(lane[l], lane[l + h]);
            }
        }
        return lane[0];
    }

    /** Adds partial sums as a binary counter does: two neighbours of equal weight are added as soon as both are there. */
    static final class PairwiseTree {
        private final Arithmetic m;
        private final double[] stack = new double[32];
        private int depth;
        private int count;

        PairwiseTree(Arithmetic m) {
            this.m = m;
        }

        void push(double value) {
            stack[depth++] = value;
            count++;
            for (int c = count; (c & 1) == 0; c >>= 1) {
                depth--;
                stack[depth - 1] = m.add(stack[depth - 1], stack[depth]);
            }
        }

        double sum() {
            if (depth == 0) {
                return 0;
            }
            double s = stack[depth - 1];
            for (int i = depth - 2; i >= 0; i--) {
                s = m.add(stack[i], s);
            }
            return s;
        }
    }
}
