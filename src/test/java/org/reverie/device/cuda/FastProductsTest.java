package org.reverie.device.cuda;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.reverie.device.cuda.FastChecks.BF16;
import static org.reverie.device.cuda.FastChecks.F16;
import static org.reverie.device.cuda.FastChecks.F32;
import static org.reverie.device.cuda.FastChecks.out;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.cuda.FastChecks.Case;
import org.reverie.device.cuda.FastChecks.Input;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;

/** Products of matrices: every tile and kind of operands of {@code fast_gemm.cu} and {@code fast_gemm_hopper.cu}. */
final class FastProductsTest {
    private static FastChecks fast;

    @BeforeAll
    static void open() throws Exception {
        fast = FastChecks.open();
    }

    @AfterAll
    static void close() {
        if (fast != null) {
            fast.close();
        }
    }

    private static LinearSpec act(Activation a) {
        return new LinearSpec(a);
    }

    @TestFactory
    Stream<DynamicTest> linear() {
        List<Case> cases = new ArrayList<>();
        for (Activation a : Activation.values()) {
            cases.add(new Case(
                    "with bias and " + a,
                    "linear",
                    act(a),
                    BF16,
                    0.02,
                    out(9, 48),
                    Input.of(BF16, 9, 40),
                    Input.of(BF16, 48, 40),
                    Input.of(BF16, 48),
                    null));
        }
        cases.add(new Case(
                "residual, bias in f32, edges",
                "linear",
                act(Activation.SILU),
                F16,
                0.02,
                out(3, 50, 200),
                Input.of(F16, 3, 50, 88),
                Input.of(F16, 200, 88),
                Input.of(F32, 200),
                Input.of(F16, 3, 50, 200)));
        cases.add(new Case(
                "turned weight, splits",
                "linear",
                act(Activation.GELU),
                BF16,
                0.02,
                out(20, 24),
                Input.of(BF16, 20, 1032),
                Input.of(BF16, 24, 1032).laid(1, 0),
                Input.of(BF16, 24),
                Input.of(BF16, 20, 24)));
        return fast.tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> matmul() {
        return fast.tests(List.of(
                new Case(
                        "plain",
                        "matmul",
                        new MatmulSpec(false, false),
                        BF16,
                        0.02,
                        out(70, 72),
                        Input.of(BF16, 70, 40),
                        Input.of(BF16, 40, 72)),
                new Case(
                        "right turned",
                        "matmul",
                        new MatmulSpec(false, true),
                        F16,
                        0.02,
                        out(70, 72),
                        Input.of(F16, 70, 40),
                        Input.of(F16, 72, 40)),
                new Case(
                        "left turned",
                        "matmul",
                        new MatmulSpec(true, false),
                        BF16,
                        0.02,
                        out(72, 40),
                        Input.of(BF16, 37, 72),
                        Input.of(BF16, 37, 40)),
                new Case(
                        "batch",
                        "matmul",
                        new MatmulSpec(false, true),
                        BF16,
                        0.02,
                        out(2, 3, 17, 24),
                        Input.of(BF16, 2, 3, 17, 32),
                        Input.of(BF16, 2, 3, 24, 32)),
                new Case(
                        "one right operand for a batch",
                        "matmul",
                        new MatmulSpec(false, false),
                        F16,
                        0.02,
                        out(5, 17, 24),
                        Input.of(F16, 5, 17, 32),
                        Input.of(F16, 32, 24))));
    }

    /** Every tile and kind of operands, with and without splits, on sizes that are no multiple of a tile. */
    @TestFactory
    Stream<DynamicTest> tiles() {
        List<DynamicTest> tests = new ArrayList<>();
        for (DType d : new DType[] {BF16, F16}) {
            for (FastTile tile : new FastTile[] {FastTile.SMALL, FastTile.MIDDLE, FastTile.LARGE}) {
                for (String kind : tile == FastTile.LARGE ? new String[] {"nt"} : new String[] {"nt", "nn", "tn"}) {
                    for (int splits = 1; splits <= 3; splits += 2) {
                        tests.add(tile(d, tile, kind, splits));
                    }
                }
            }
        }
        return tests.stream();
    }

    private static DynamicTest tile(DType d, FastTile tile, String kind, int splits) {
        int rows = tile.rows() + 24;
        int columns = tile.columns() + 40;
        int depth = 104;
        boolean left = kind.startsWith("t");
        boolean right = kind.endsWith("n");
        Case c = new Case(
                tile.name() + " " + kind + ", " + splits + " splits",
                "matmul",
                new MatmulSpec(left, !right),
                d,
                0.02,
                out(rows, columns),
                left ? Input.of(d, depth, rows) : Input.of(d, rows, depth),
                right ? Input.of(d, depth, columns) : Input.of(d, columns, depth));
        return dynamicTest(
                c.toString(),
                () -> fast.check(c, call -> {
                    MatmulSpec s = call.attributes(MatmulSpec.class);
                    FastGemm.Operands o = FastGemm.Operands.of(call.in(0), call.in(1), s, call.out(0));
                    int[] finish = FastFinish.words(Activation.NONE, 1, null, null, d);
                    fast.cuda().fast().gemm().multiply(o, tile, splits, finish, null, null, call.out(0));
                }));
    }

    /** Hopper's kernels: several tiles to a block, edges, splits, a batch, a pair of blocks. */
    @TestFactory
    Stream<DynamicTest> hopper() {
        return Stream.of(
                hopper(BF16, FastHopper.Tile.WIDE, 1, 1, 150, 264, 200, 1),
                hopper(F16, FastHopper.Tile.WIDE, 1, 3, 140, 40, 328, 2),
                hopper(BF16, FastHopper.Tile.SQUARE, 1, 1, 264, 136, 520, 1),
                hopper(F16, FastHopper.Tile.SQUARE, 2, 1, 130, 136, 72, 2),
                hopper(BF16, FastHopper.Tile.SQUARE, 1, 3, 40, 136, 264, 1),
                hopper(BF16, FastHopper.Tile.PAIR, 1, 1, 300, 272, 136, 2),
                hopper(F16, FastHopper.Tile.PAIR, 1, 1, 520, 264, 328, 4),
                hopper(BF16, FastHopper.Tile.PAIR, 1, 2, 120, 40, 328, 2));
    }

    private static DynamicTest hopper(
            DType d, FastHopper.Tile tile, int batch, int splits, int rows, int columns, int depth, int units) {
        Input x = batch == 1 ? Input.of(d, rows, depth) : Input.of(d, batch, rows, depth);
        Input w = batch == 1 ? Input.of(d, columns, depth) : Input.of(d, batch, columns, depth);
        int[][] result = batch == 1 ? out(rows, columns) : out(batch, rows, columns);
        Case c = new Case(
                String.format("%s, batch %d, %d splits, %d units", tile.name(), batch, splits, units),
                "matmul",
                new MatmulSpec(false, true),
                d,
                0.02,
                result,
                x,
                w);
        return dynamicTest(
                "hopper " + c,
                () -> fast.checkOnHopper(c, call -> {
                    MatmulSpec s = call.attributes(MatmulSpec.class);
                    FastGemm.Operands o = FastGemm.Operands.of(call.in(0), call.in(1), s, call.out(0));
                    int[] finish = FastFinish.words(Activation.NONE, 1, null, null, d);
                    new FastHopper(fast.cuda().queue(), units)
                            .multiply(o, tile, splits, finish, null, null, call.out(0));
                }));
    }

    @TestFactory
    Stream<DynamicTest> hopperFinishes() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int splits = 1; splits <= 2; splits++) {
            int count = splits;
            Case c = new Case(
                    "bias, residual, silu, " + splits + " splits",
                    "linear",
                    act(Activation.SILU),
                    BF16,
                    0.02,
                    out(150, 136),
                    Input.of(BF16, 150, 136),
                    Input.of(BF16, 136, 136),
                    Input.of(F32, 136),
                    Input.of(BF16, 150, 136));
            tests.add(dynamicTest(
                    "hopper " + c,
                    () -> fast.checkOnHopper(c, call -> {
                        FastGemm.Operands o = FastGemm.Operands.linear(call.in(0), call.in(1), 150);
                        int[] finish = FastFinish.words(Activation.SILU, 1, call.in(2), call.in(3), BF16);
                        new FastHopper(fast.cuda().queue(), 2)
                                .multiply(
                                        o, FastHopper.Tile.SQUARE, count, finish, call.in(2), call.in(3), call.out(0));
                    })));
        }
        return tests.stream();
    }
}
