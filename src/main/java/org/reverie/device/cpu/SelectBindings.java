package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** Comparisons, logic, selection by a mask and conversion between dtypes: scalar loops over any strides. */
final class SelectBindings {
    private final NestRunner runner;
    private final PointwiseKernels pointwise;

    SelectBindings(Workers workers, PointwiseKernels pointwise) {
        this.runner = new NestRunner(workers);
        this.pointwise = pointwise;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("equal", call -> compare(call, (a, b) -> a == b));
        table.put("not_equal", call -> compare(call, (a, b) -> a != b));
        table.put("less", call -> compare(call, (a, b) -> a < b));
        table.put("less_equal", call -> compare(call, (a, b) -> a <= b));
        table.put("greater", call -> compare(call, (a, b) -> a > b));
        table.put("greater_equal", call -> compare(call, (a, b) -> a >= b));
        table.put("logical_and", call -> compare(call, (a, b) -> a != 0 && b != 0));
        table.put("logical_or", call -> compare(call, (a, b) -> a != 0 || b != 0));
        table.put("logical_not", call -> test(call, a -> a == 0));
        table.put("is_nan", call -> test(call, a -> a != a));
        table.put("where", this::where);
        table.put("cast", this::cast);
    }

    private interface Comparison {
        boolean of(double a, double b);
    }

    private interface Test {
        boolean of(double a);
    }

    /** The loops over output 0 (last) and the inputs, broadcast to it. */
    private static LoopNest nest(KernelCall call) {
        Tensor y = call.out(0);
        long[][] strides = new long[call.inputs().length + 1][];
        for (int i = 0; i < call.inputs().length; i++) {
            strides[i] = LoopNest.broadcast(call.in(i), y.shape());
        }
        strides[call.inputs().length] = y.strides();
        return LoopNest.of(y.shape(), strides);
    }

    private void compare(KernelCall call, Comparison f) {
        DType type = call.in(0).dtype();
        DType other = call.in(1).dtype();
        long a = Operands.address(call.in(0));
        long b = Operands.address(call.in(1));
        long y = Operands.address(call.out(0));
        LoopNest nest = nest(call);
        runner.each(nest, (at, n) -> {
            for (int i = 0; i < n; i++) {
                double left = Numbers.get(type, a, at[0] + i * nest.stride(0, 0));
                double right = Numbers.get(other, b, at[1] + i * nest.stride(1, 0));
                Numbers.setByte(y + at[2] + i, f.of(left, right));
            }
        });
    }

    private void test(KernelCall call, Test f) {
        DType type = call.in(0).dtype();
        long x = Operands.address(call.in(0));
        long y = Operands.address(call.out(0));
        LoopNest nest = nest(call);
        runner.each(nest, (at, n) -> {
            for (int i = 0; i < n; i++) {
                Numbers.setByte(y + at[1] + i, f.of(Numbers.get(type, x, at[0] + i * nest.stride(0, 0))));
            }
        });
    }

    private void where(KernelCall call) {
        long mask = Operands.address(call.in(0));
        long a = Operands.address(call.in(1));
        long b = Operands.address(call.in(2));
        long y = Operands.address(call.out(0));
        LoopNest nest = nest(call);
        runner.each(nest, (at, n) -> {
            select(
                    n,
                    mask + at[0],
                    nest.stride(0, 0),
                    a + 4 * at[1],
                    4 * nest.stride(1, 0),
                    b + 4 * at[2],
                    4 * nest.stride(2, 0),
                    y + 4 * at[3]);
        });
    }

    private static void select(int n, long mask, long maskStep, long a, long aStep, long b, long bStep, long y) {
        for (int i = 0; i < n; i++) {
            long from = Numbers.getByte(mask + i * maskStep) != 0 ? a + i * aStep : b + i * bStep;
            Numbers.setFloat(y + 4L * i, Numbers.getFloat(from));
        }
    }

    private void cast(KernelCall call) {
        Tensor in = call.in(0);
        Tensor out = call.out(0);
        DType from = in.dtype();
        DType to = out.dtype();
        long x = Operands.address(in);
        long y = Operands.address(out);
        if (from == to) {
            Operands.copy(in, out);
        } else if (to == DType.F32 && in.isContiguous() && narrow(from, in.elements(), x, y)) {
            return;
        } else {
            LoopNest nest = nest(call);
            runner.each(nest, (at, n) -> {
                for (int i = 0; i < n; i++) {
                    Numbers.set(to, y, at[1] + i, Numbers.get(from, x, at[0] + i * nest.stride(0, 0)));
                }
            });
        }
    }

    /** Whether the type has a conversion of its own, which is then done. */
    private boolean narrow(DType from, long n, long x, long y) {
        switch (from) {
            case F16 -> pointwise.fromHalf(n, x, y);
            case BF16 -> pointwise.fromBfloat(n, x, y);
            case U8 -> pointwise.fromBytes(n, x, y);
            default -> {
                return false;
            }
        }
        return true;
    }
}
