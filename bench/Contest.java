package org.reverie.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Random;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A work that several engines do on the same numbers. Reverie's is in {@link #work}; a rival is made from copies of the
 * inputs. The set-up has both do the work once and compares: a rival that computes something else fails the benchmark, and
 * so does an OpenCL or CUDA device on which a single bit of Reverie's results is another. Subclasses say which engines there are,
 * see {@link Duel} and {@link OpenContest}. The vector width of Reverie is the machine's widest, or {@code -Dlanes=256}.
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public abstract class Contest {
    static final String REVERIE = "reverie";
    static final String OPENCL = "opencl";
    static final String CUDA = "cuda";
    static final String LIBTORCH = "libtorch";
    static final String ONNXRUNTIME = "onnxruntime";
    static final String CLBLAST = "clblast";

    private static final long SEED = 1;

    /** Threads that compute, of any engine. JMH itself runs one. */
    @Param({"1", "2"})
    public int threads;

    protected Backend device;
    private Scope scope;
    private LibTorch torch;
    private OnnxRuntime onnx;
    private Rival rival;
    private Cost cost;
    private long streams;

    /** Reverie, on the CPU and through OpenCL and CUDA, and LibTorch. */
    public abstract static class Duel extends Contest {
        @Param({REVERIE, OPENCL, CUDA, LIBTORCH})
        public String engine;

        @Override
        final String engine() {
            return engine;
        }
    }

    /** Reverie, on the CPU and through OpenCL and CUDA, LibTorch and ONNX Runtime. */
    public abstract static class OpenContest extends Contest {
        @Param({REVERIE, OPENCL, CUDA, LIBTORCH, ONNXRUNTIME})
        public String engine;

        @Override
        final String engine() {
            return engine;
        }
    }

    abstract String engine();

    /** Makes the inputs; they live until the benchmark ends. */
    protected abstract void prepare();

    /** What is measured, in ops on the inputs; returns what rivals have to reproduce. */
    protected abstract Tensor[] work();

    /** What the check compares with the rival's results, if not what {@link #work} returns. */
    protected Tensor[] compared() {
        return work();
    }

    /** The same work in LibTorch, on copies of the inputs. */
    protected abstract Rival libtorch(LibTorch engine);

    /** The same work in ONNX Runtime, on copies of the inputs. */
    protected Rival onnxruntime(OnnxRuntime engine) {
        throw new IllegalStateException(getClass().getSimpleName() + " is not written for ONNX Runtime");
    }

    /** The same work in CLBlast, on copies of the inputs. */
    protected Rival clblast() {
        throw new IllegalStateException(getClass().getSimpleName() + " is not written for CLBlast");
    }

    /** Number i of the first result, computed in binary64 from the same inputs; NaN if that isn't offered. */
    protected double exact(int i) {
        return Double.NaN;
    }

    /** The largest difference between two engines' results that passes, in parts of the result's largest number. */
    protected double tolerance() {
        return 1e-4;
    }

    /** How often both do the work before they are compared: a training's second step depends on its first. */
    protected int runsBeforeCheck() {
        return 0;
    }

    /** What the work takes at least, by the ops' declarations. */
    protected Cost cost() {
        return Cost.of(this::work);
    }

    @Setup(Level.Trial)
    public void open() {
        open(Devices.open("cpu", new BackendOptions(Integer.getInteger("lanes", 0), threads)));
        rival = rival();
        for (int i = 0; i < runsBeforeCheck(); i++) {
            results();
            if (rival != null) {
                rival.run();
            }
        }
        List<HostTensor> ours = results();
        List<HostTensor> run = ours;
        if (rival != null) {
            run = rival.results();
            Accuracy.check(ours, run, tolerance());
        }
        double error = Accuracy.error(run.get(0), this::exact);
        cost = cost().withError(error).withForm(rival == null ? 0 : rival.form());
        Exact.forget();
        if (rival != null) {
            closeDevice();
        } else if (!engine().equals(REVERIE)) {
            closeDevice();
            move(ours);
        }
    }

    private void open(Backend on) {
        device = on;
        streams = 0;
        scope = Scope.detached();
        scope.within(() -> {
            prepare();
            return null;
        });
    }

    /** The same work on the same numbers on the device that the engine names; every bit has to be the same. */
    private void move(List<HostTensor> expected) {
        open(Accelerator.open(engine(), threads));
        for (int i = 0; i < runsBeforeCheck(); i++) {
            results();
        }
        Accuracy.checkBits(expected, results());
    }

    private Rival rival() {
        switch (engine()) {
            case REVERIE, OPENCL, CUDA:
                return null;
            case LIBTORCH:
                torch = new LibTorch(threads);
                return libtorch(torch);
            case ONNXRUNTIME:
                onnx = new OnnxRuntime(threads);
                return onnxruntime(onnx);
            case CLBLAST:
                return clblast();
            default:
                throw new IllegalArgumentException("no engine is called " + engine());
        }
    }

    private List<HostTensor> results() {
        try (Scope step = Scope.open()) {
            List<HostTensor> results = new ArrayList<>();
            for (Tensor t : compared()) {
                results.add(t.toHost());
            }
            return results;
        }
    }

    /** Does the work once, frees its results and counts it. */
    final void run(Work counter) {
        if (rival != null) {
            rival.run();
        } else {
            try (Scope step = Scope.open()) {
                Accelerator.await(work());
            }
        }
        counter.add(cost);
        if (device != null) {
            counter.memory += device.memory().peak();
        }
    }

    /** Normal numbers, others at every call. */
    protected final Tensor normal(int... shape) {
        return Random.normal(device, Shape.of(shape), SEED, streams++);
    }

    /** The numbers of a size such as {@code 128x720x1440}. */
    protected static int[] sizes(String text) {
        return Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    /** Frees what {@link #prepare} made beyond tensors. */
    protected void release() {}

    private void closeDevice() {
        release();
        scope.close();
        device.close();
        device = null;
    }

    @TearDown(Level.Trial)
    public void close() {
        if (rival != null) {
            rival.close();
        }
        if (torch != null) {
            torch.close();
        }
        if (onnx != null) {
            onnx.close();
        }
        if (device != null) {
            closeDevice();
        }
    }
}
