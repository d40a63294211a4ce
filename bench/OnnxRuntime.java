package org.reverie.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.WeightLayout;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** ONNX Runtime's CPU provider: runs graphs that the benchmarks write. */
final class OnnxRuntime implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession.SessionOptions options = new OrtSession.SessionOptions();

    OnnxRuntime(int threads) {
        try {
            options.setIntraOpNumThreads(threads);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A graph with its inputs, in the order of their declaration.
     *
     * @param images whether results of rank 4 are images, NCHW there and NHWC here
     */
    Rival run(OnnxModel model, boolean images, HostTensor... inputs) {
        try {
            return new Session(model, images, inputs);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One convolution: x [N, H, W, C], weight as ONNX has it [O, C / groups, KH, KW], bias [O]. */
    Rival conv(Tensor x, HostTensor weight, HostTensor bias, ConvSpec spec) {
        OnnxModel g = new OnnxModel();
        HostTensor image = nchw(x.toHost());
        List<String> in = List.of(g.input(image.shape()), g.constant(weight), g.constant(bias));
        g.output(g.node("Conv", in, geometry(spec)));
        return run(g, true, image);
    }

    static OnnxModel.Attribute[] geometry(ConvSpec spec) {
        return new OnnxModel.Attribute[] {
            OnnxModel.Attribute.list("strides", spec.strideH(), spec.strideW()),
            OnnxModel.Attribute.list("pads", spec.padTop(), spec.padLeft(), spec.padBottom(), spec.padRight()),
            OnnxModel.Attribute.of("group", (long) spec.groups())
        };
    }

    /** An image batch as ONNX has it: NHWC → NCHW. Also a weight: OHWI → OIHW. */
    static HostTensor nchw(HostTensor nhwc) {
        return WeightLayout.CONV.toFile(nhwc);
    }

    private final class Session implements Rival {
        private final OrtSession session;
        private final boolean images;
        private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();

        Session(OnnxModel model, boolean images, HostTensor... values) throws OrtException {
            this.images = images;
            session = environment.createSession(model.bytes(), options);
            for (int i = 0; i < values.length; i++) {
                inputs.put(model.inputs().get(i), tensor(values[i]));
            }
            try (OrtSession.Result first = session.run(inputs)) {
                for (String name : model.outputs()) {
                    long[] shape = ((TensorInfo) first.get(name).orElseThrow().getInfo()).getShape();
                    outputs.put(name, empty(shape));
                }
            }
        }

        @Override
        public void run() {
            try {
                session.run(inputs, outputs).close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public List<HostTensor> results() {
            run();
            List<HostTensor> results = new ArrayList<>();
            for (OnnxTensor t : outputs.values()) {
                int[] shape = Arrays.stream(t.getInfo().getShape())
                        .mapToInt(Math::toIntExact)
                        .toArray();
                FloatBuffer values = t.getFloatBuffer();
                float[] copy = new float[values.remaining()];
                values.get(copy);
                HostTensor host = HostTensor.of(Shape.of(shape), copy);
                results.add(images && shape.length == 4 ? WeightLayout.CONV.fromFile(host) : host);
            }
            return results;
        }

        private OnnxTensor tensor(HostTensor t) throws OrtException {
            long[] shape = Arrays.stream(t.shape().toArray()).asLongStream().toArray();
            OnnxTensor tensor = empty(shape);
            ((FloatBuffer) tensor.getBufferRef().orElseThrow()).duplicate().put(t.toFloats());
            return tensor;
        }

        private OnnxTensor empty(long[] shape) throws OrtException {
            long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            FloatBuffer buffer = ByteBuffer.allocateDirect(Math.toIntExact(4 * elements + 128))
                    .alignedSlice(64)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
            return OnnxTensor.createTensor(environment, buffer.slice(0, Math.toIntExact(elements)), shape);
        }

        @Override
        public void close() {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
            inputs.values().forEach(OnnxTensor::close);
            outputs.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() {
        options.close();
    }
}
