package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.reverie.device.Arithmetic;
import org.reverie.device.KernelCall;
import org.reverie.op.ReferenceBackend;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HalfFloats;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The fast kernels against the ops' definitions in binary64. Their own sources run on the host ({@link HostCuda}), every case
 * twice: with asynchronous work done as late as the kernel allows, and at once, the threads in two orders; with {@code
 * -Dreverie.fast=gpu} they run on a GPU.
 */
final class FastChecks implements AutoCloseable {
    static final DType F32 = DType.F32;
    static final DType BF16 = DType.BF16;
    static final DType F16 = DType.F16;

    /** {@code gpu} for the first GPU of this machine; without it the host is one. */
    private static final String DEVICE = "reverie.fast";

    private final HostCuda host;
    private final CudaBackend cuda;
    private final ReferenceBackend reference = ReferenceBackend.inDouble();

    private FastChecks(HostCuda host, CudaBackend cuda) {
        this.host = host;
        this.cuda = cuda;
    }

    static FastChecks open() throws Exception {
        if ("gpu".equals(System.getProperty(DEVICE))) {
            LibCuda driver = LibCuda.load();
            CudaDevice device = CudaProvider.choose(CudaDevice.all(driver), 0);
            return new FastChecks(null, new CudaBackend(driver, device, null, Long.MAX_VALUE, Arithmetic.FAST));
        }
        HostCuda host = HostCuda.shared();
        return new FastChecks(host, host.open(Arithmetic.FAST));
    }

    CudaBackend cuda() {
        return cuda;
    }

    /** On the host, in which order threads run from now on, and whether copies are done at once. */
    void order(int seed, boolean eager) {
        if (host != null) {
            host.order(seed, eager);
        }
    }

    @Override
    public void close() {
        cuda.close();
    }

    Stream<DynamicTest> tests(List<Case> cases) {
        return cases.stream().map(c -> dynamicTest(c.toString(), () -> check(c)));
    }

    static int[][] out(int... shape) {
        return new int[][] {shape};
    }

    /** An input: random normals, rounded to a dtype; its axes in memory may be in another order. */
    record Input(DType dtype, int[] shape, int[] order, int rows) {
        static Input of(DType dtype, int... shape) {
            return new Input(dtype, shape, null, 1);
        }

        /** The one row of the tensor so many times, without a copy. */
        Input repeated(int count) {
            return new Input(dtype, shape, order, count);
        }

        /** Axis a of the tensor is axis order[a] in memory. */
        Input laid(int... places) {
            return new Input(dtype, shape, places, 1);
        }

        Tensor make(Device device, long seed) {
            int rank = shape.length;
            int[] stored = shape.clone();
            for (int a = 0; order != null && a < rank; a++) {
                stored[order[a]] = shape[a];
            }
            Shape memory = Shape.of(stored);
            HostTensor host = HostTensor.allocate(dtype, memory);
            SplittableRandom random = new SplittableRandom(seed);
            for (long i = 0; i < memory.elements(); i++) {
                float x = (float) random.nextGaussian();
                switch (dtype) {
                    case F32 -> host.data().set(HostTensor.FLOAT, 4 * i, x);
                    case BF16 -> host.data().set(HostTensor.SHORT, 2 * i, HalfFloats.floatToBf16(x));
                    default -> host.data().set(HostTensor.SHORT, 2 * i, Float.floatToFloat16(x));
                }
            }
            Tensor t = Tensor.from(device, host);
            if (order == null) {
                return rows == 1 ? t : Views.expand(t, t.shape().with(0, rows));
            }
            long[] strides = new long[rank];
            for (int a = 0; a < rank; a++) {
                strides[a] = memory.strides()[order[a]];
            }
            return t.view(Shape.of(shape), strides, 0);
        }
    }

    /** A call, and how far its results may be off, in units of what rounding the result takes. */
    record Case(
            String note, String op, Record attributes, DType dtype, double slack, int[][] outputs, Input... inputs) {
        KernelCall on(Device device, DType result) {
            Tensor[] in = new Tensor[inputs.length];
            for (int i = 0; i < in.length; i++) {
                in[i] = inputs[i] == null ? null : inputs[i].make(device, 100 + i);
            }
            Tensor[] out = new Tensor[outputs.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = Tensor.empty(device, result, Shape.of(outputs[i]));
            }
            return new KernelCall(op, attributes, in, out);
        }

        @Override
        public String toString() {
            return op + " " + dtype.name().toLowerCase(Locale.ROOT) + ": " + note;
        }
    }

    void check(Case c) {
        check(c, call -> {
            assertTrue(cuda.fast().takes(call), "the fast kernels do not take it");
            cuda.run(call);
        });
    }

    void check(Case c, Consumer<KernelCall> run) {
        try (Scope scope = Scope.open()) {
            KernelCall expected = c.on(reference, DType.F64);
            reference.run(expected);
            KernelCall call = c.on(cuda, c.dtype);
            for (int turn = 0; turn < 2; turn++) {
                order(turn + 1, turn == 1);
                for (Tensor t : call.outputs()) {
                    poison(t);
                }
                run.accept(call);
                for (int i = 0; i < c.outputs.length; i++) {
                    compare(c, i, expected.out(i).toHost(), call.out(i).toHost());
                }
            }
        }
    }

    /** The same, for kernels of Hopper. */
    void checkOnHopper(Case c, Consumer<KernelCall> run) throws CudaMissingException {
        assumeTrue(host != null || CudaDevice.all(LibCuda.load()).get(0).major() == 9, "no Hopper GPU");
        check(c, run);
    }

    private static void poison(Tensor t) {
        HostTensor nothing = HostTensor.allocate(t.dtype(), t.shape());
        nothing.data().fill((byte) 0xff);
        t.device().upload(nothing.data(), t.buffer(), 0);
    }

    /** Each element within half a unit of the last place, and slack units at the size of the largest. */
    private static void compare(Case c, int output, HostTensor expected, HostTensor actual) {
        double unit = c.dtype == BF16 ? 0x1p-8 : c.dtype == F16 ? 0x1p-11 : 0x1p-23;
        double largest = 0;
        long count = expected.shape().elements();
        for (long i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(expected.get(i)));
        }
        for (long i = 0; i < count; i++) {
            double e = expected.get(i);
            double bound = unit * Math.abs(e) + c.slack * unit * largest;
            double off = Math.abs(actual.get(i) - e);
            assertTrue(
                    off <= bound,
                    String.format(
                            Locale.ROOT,
                            "output %d, element %d of %d is %s and should be %s (largest %s)",
                            output,
                            i,
                            count,
                            actual.get(i),
                            e,
                            largest));
        }
    }
}
