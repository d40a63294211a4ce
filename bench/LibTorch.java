package org.reverie.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** LibTorch, reached through DJL's binding: runs TorchScript that the benchmarks write. */
final class LibTorch implements AutoCloseable {
    /** How LibTorch is asked to do a work. Where there are several ways, the set-up times them and keeps the fastest. */
    enum Form {
        /** The operators as they come, images NCHW. */
        PLAIN,
        /** The operators as they come, images and convolutions' weights with channels last. */
        CHANNELS_LAST,
        /** oneDNN's fused operators on weights packed beforehand, channels last: what torch.compile would call. */
        PACKED
    }

    private static final long TRIAL_NANOS = 300_000_000;
    private static final long LONG_TRIAL_NANOS = 3_000_000_000L;

    /** Copies everything: an array that DJL makes lies in Java's memory and lives as long as that. */
    private static final String OWN = """
        y = annotate(List[Tensor], [])
        for i in range(torch.len(x)):
          _0 = torch.append(y, x[i].clone())
        return y
        """;

    private final PtNDManager manager;

    /** Threads are a setting of the calling thread, so the thread that runs the scripts has to call this. */
    LibTorch(int threads) {
        manager = (PtNDManager) Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        JniUtils.setNumThreads(threads);
        if (JniUtils.getNumThreads() != threads) {
            throw new IllegalStateException("LibTorch has " + JniUtils.getNumThreads() + " threads, not " + threads);
        }
    }

    /** Work on copies of the given tensors, which scripts know as {@code x[0]}, {@code x[1]}, …. */
    Job job(Tensor... inputs) {
        return job(Arrays.stream(inputs).map(Tensor::toHost).toList());
    }

    Job job(List<HostTensor> inputs) {
        return new Job(inputs);
    }

    /** A tensor of its own, outside of inference mode, so that it may ask for gradients. */
    PtNDArray tensor(HostTensor t) {
        try (PtNDArray array = array(t)) {
            return (PtNDArray) array.duplicate();
        }
    }

    /** A script that isn't run by {@link Job}: functions as {@link TorchScript#archive} wants them. */
    PtSymbolBlock module(String methods) {
        try {
            byte[] archive = TorchScript.archive(methods);
            return JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers of a tensor. */
    static HostTensor host(NDArray a) {
        int[] shape = Arrays.stream(a.getShape().getShape())
                .mapToInt(Math::toIntExact)
                .toArray();
        return HostTensor.of(org.reverie.tensor.Shape.of(shape), a.toFloatArray());
    }

    /** One function of a script, from a list of tensors to a list of tensors. */
    static String method(String name, String statements) {
        return "  def " + name + "(self,\n      x: List[Tensor]) -> List[Tensor]:\n" + statements.indent(4);
    }

    /** The fastest of several forms of the same work: the quickest of a few runs of each, in turns. */
    static Rival fastest(Rival... forms) {
        double[] nanos = new double[forms.length];
        Arrays.fill(nanos, Double.POSITIVE_INFINITY);
        for (Rival form : forms) {
            form.run();
        }
        long end = System.nanoTime() + TRIAL_NANOS;
        do {
            for (int f = 0; f < forms.length; f++) {
                long start = System.nanoTime();
                forms[f].run();
                nanos[f] = Math.min(nanos[f], System.nanoTime() - start);
            }
        } while (System.nanoTime() < end);
        int best = 0;
        for (int f = 1; f < forms.length; f++) {
            best = nanos[f] < nanos[best] ? f : best;
        }
        for (int f = 0; f < forms.length; f++) {
            if (f != best) {
                forms[f].close();
            }
        }
        return forms[best];
    }

    /**
     * As above, but one form after the other, so that at most two are in memory: for works with gigabytes of weights. The first run
     * counts too, which for works that take seconds is the only one.
     */
    static Rival fastest(List<Supplier<Rival>> forms) {
        Rival best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Supplier<Rival> form : forms) {
            Rival rival = form.get();
            double nanos = quickest(rival);
            Rival worse = nanos < least ? best : rival;
            best = nanos < least ? rival : best;
            least = Math.min(least, nanos);
            if (worse != null) {
                worse.close();
            }
        }
        return best;
    }

    private static double quickest(Rival rival) {
        double nanos = Double.POSITIVE_INFINITY;
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            rival.run();
            nanos = Math.min(nanos, System.nanoTime() - start);
        } while (System.nanoTime() - begin < LONG_TRIAL_NANOS);
        return nanos;
    }

    /** A script in the making: three functions from a list of tensors to a list of tensors. */
    final class Job {
        private final List<HostTensor> inputs;
        private final List<Supplier<HostTensor>> arguments = new ArrayList<>();
        private final List<String> conversions = new ArrayList<>();
        private Form form = Form.PLAIN;
        private String prepare = "return x";
        private String body;
        private String finish = "return x";

        private Job(List<HostTensor> inputs) {
            this.inputs = inputs;
        }

        Job form(Form f) {
            form = f;
            return this;
        }

        /**
         * Adds an argument to a job without inputs. It is made, converted and freed before the next, so that of many weights there is
         * never more than one copy beside those that the work keeps.
         *
         * @param conversion an expression in which {@code %s} is a copy of the argument
         * @return what the work calls it
         */
        String argument(Supplier<HostTensor> t, String conversion) {
            arguments.add(t);
            conversions.add("return [" + conversion.formatted("x[0].clone()") + "]");
            return "x[" + (arguments.size() - 1) + "]";
        }

        /** Statements that run once: from copies of the inputs to what the work starts from. */
        Job prepare(String statements) {
            prepare = statements;
            return this;
        }

        /** Statements that bring results into Reverie's layout; not timed. */
        Job finish(String statements) {
            finish = statements;
            return this;
        }

        /** The work: statements on {@code x} that return a list of tensors. */
        Rival run(String statements) {
            body = statements;
            return new Script(this);
        }

        private String methods() {
            StringBuilder all = new StringBuilder();
            all.append(method("own", OWN)).append(method("prepare", prepare));
            all.append(method("forward", body)).append(method("finish", finish));
            List<String> different = different();
            for (int i = 0; i < different.size(); i++) {
                all.append(method("convert" + i, different.get(i)));
            }
            return all.toString();
        }

        private List<String> different() {
            return conversions.stream().distinct().toList();
        }
    }

    private final class Script implements Rival {
        private final Form form;
        private final PtSymbolBlock module;
        private final IValue inputs;

        Script(Job job) {
            form = job.form;
            module = module(job.methods());
            inputs = job.arguments.isEmpty() ? prepared(job) : converted(job);
        }

        private IValue converted(Job job) {
            List<PtNDArray> all = new ArrayList<>();
            List<String> conversions = job.different();
            for (int i = 0; i < job.arguments.size(); i++) {
                String method = "convert" + conversions.indexOf(job.conversions.get(i));
                try (PtNDArray array = array(job.arguments.get(i).get());
                        IValue list = IValue.listFrom(array);
                        IValue converted = IValueUtils.runMethod(module, method, list)) {
                    all.addAll(List.of(converted.toTensorArray(manager)));
                }
            }
            IValue list = IValue.listFrom(all.toArray(PtNDArray[]::new));
            all.forEach(PtNDArray::close);
            return list;
        }

        private IValue prepared(Job job) {
            PtNDArray[] arrays = job.inputs.stream().map(LibTorch.this::array).toArray(PtNDArray[]::new);
            try (IValue list = IValue.listFrom(arrays);
                    IValue copies = IValueUtils.runMethod(module, "own", list)) {
                return IValueUtils.runMethod(module, "prepare", copies);
            } finally {
                for (PtNDArray a : arrays) {
                    a.close();
                }
            }
        }

        @Override
        public void run() {
            IValueUtils.runMethod(module, "forward", inputs).close();
        }

        @Override
        public List<HostTensor> results() {
            try (IValue y = IValueUtils.runMethod(module, "forward", inputs);
                    IValue z = IValueUtils.runMethod(module, "finish", y)) {
                List<HostTensor> results = new ArrayList<>();
                for (PtNDArray a : z.toTensorArray(manager)) {
                    results.add(host(a));
                    a.close();
                }
                return results;
            }
        }

        @Override
        public int form() {
            return form.ordinal();
        }

        @Override
        public void close() {
            inputs.close();
            module.close();
        }
    }

    private PtNDArray array(HostTensor t) {
        ByteBuffer bytes = t.data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long[] shape = Arrays.stream(t.shape().toArray()).asLongStream().toArray();
        return manager.create(bytes, new Shape(shape), type(t.dtype()));
    }

    private static DataType type(DType dtype) {
        return switch (dtype) {
            case F32 -> DataType.FLOAT32;
            case F64 -> DataType.FLOAT64;
            case I32 -> DataType.INT32;
            case I64 -> DataType.INT64;
            case U8 -> DataType.UINT8;
            case F16 -> DataType.FLOAT16;
            case BF16 -> DataType.BFLOAT16;
        };
    }

    @Override
    public void close() {
        manager.close();
    }
}
