package org.reverie.bench;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.bench.LibTorch.Form;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.Preprocess;
import org.reverie.device.spec.TimestepSpec;
import org.reverie.io.Safetensors;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.DlsrConfig;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.LayerFeatures;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.Reconstruction;
import org.reverie.ood.dlsr.Schedules;
import org.reverie.ood.dlsr.TrainConfig;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * DLSR scoring end to end at the paper's size: bytes of images in memory, resize, EfficientNet-B4 to block 31, the means of
 * five blocks, normalisation, the LFDN, and MFsim, the score that {@code reverie score} gives by default. Random weights.
 */
public class DlsrScoreBench extends CpuBench {
    public static class Scoring extends Contest.Duel {
        private static final List<Integer> TAPS = List.of(1, 5, 9, 21, 31);
        private static final List<Integer> ENDS = List.of(24, 56, 112, 272, 720);

        @Param("32")
        @Short("8")
        public int batch;

        /** Height and width of the images, which are resized to 224. */
        @Param("256")
        public int side;

        private Path folder;
        private DlsrModel model;
        private ImageSet images;

        @Override
        protected void prepare() {
            images = Bytes.of(batch, side);
            try {
                folder = Files.createTempDirectory("dlsr-bench");
                write();
                model = DlsrModel.open(folder, device);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** A detector's folder as training leaves it. */
        private void write() throws IOException {
            ImageModel encoder = Models.create("efficientnet_b4", Set.of());
            Safetensors.write(
                    folder.resolve("encoder.safetensors"),
                    RandomWeights.of(encoder.network().checkpointShapes()));
            LfdnConfig size = LfdnConfig.paper();
            try (Scope scope = Scope.open()) {
                Map<String, HostTensor> state = new Lfdn(new Initializer(device, 1), size).stateDict();
                Map<String, Shape> shapes = new LinkedHashMap<>();
                state.forEach((name, t) -> shapes.put(name, t.shape()));
                Safetensors.write(folder.resolve("lfdn.safetensors"), RandomWeights.of(shapes));
                Safetensors.write(folder.resolve("lfdn-first-epoch.safetensors"), state);
            }
            DlsrConfig config = new DlsrConfig(
                    DlsrConfig.FORMAT,
                    images.name(),
                    encoder.name(),
                    "random",
                    encoder.taps(),
                    LayerPooling.AVERAGE,
                    ENDS,
                    size,
                    TrainConfig.paper(1),
                    batch,
                    0,
                    1,
                    0,
                    0,
                    0,
                    0,
                    "f32");
            Files.writeString(folder.resolve("dlsr.json"), new Gson().toJson(config));
        }

        @Override
        protected Tensor[] work() {
            try {
                LayerFeatures features = model.extractor(batch).extract(images, "bench", Progress.NONE);
                float[] scores = model.score(DlsrModel.MFSIM, features, Reconstruction.fast(), 1, Progress.NONE);
                return new Tensor[] {Tensor.from(device, HostTensor.of(Shape.of(scores.length), scores))};
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        protected double tolerance() {
            return 1e-2;
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return LibTorch.fastest(torch(engine, Form.CHANNELS_LAST), torch(engine, Form.PACKED));
        }

        private Rival torch(LibTorch engine, Form form) {
            try {
                TorchPlan plan = new TorchPlan(engine, form);
                plan.startFrom(pixels(plan));
                Map<String, HostTensor> encoder =
                        Safetensors.read(folder.resolve("encoder.safetensors")).tensors();
                String z = normalized(plan, new Blueprints(plan, encoder).efficientNet(TAPS));
                String y = reconstructed(plan, z);
                return plan.returning(List.of(similarity(plan, z, y)), "return x");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Bytes to floats: resized as Pillow does, then brought to ImageNet's mean and deviation. */
        private Plan.Value pixels(TorchPlan plan) throws IOException {
            byte[] bytes = new byte[batch * side * side * 3];
            for (int i = 0; i < batch; i++) {
                byte[] rgb = images.image(i).rgb();
                System.arraycopy(rgb, 0, bytes, i * rgb.length, rgb.length);
            }
            Preprocess p = Preprocess.imagenet(224);
            float[] scale = new float[3];
            float[] shift = new float[3];
            for (int c = 0; c < 3; c++) {
                scale[c] = 1 / (p.divisor() * p.std().get(c));
                shift[c] = -p.mean().get(c) / p.std().get(c);
            }
            String in = plan.argument(HostTensor.of(Shape.of(batch, side, side, 3), bytes), ".permute([0, 3, 1, 2])");
            String a = plan.argument(HostTensor.of(Shape.of(1, 3, 1, 1), scale), "");
            String b = plan.argument(HostTensor.of(Shape.of(1, 3, 1, 1), shift), "");
            String fitted =
                    plan.let("torch._upsample_bilinear2d_aa(" + in + ", [" + p.side() + ", " + p.side() + "], False)");
            String floats = plan.let("torch.to(" + fitted + ", 6)"); // torch.float32
            String x = plan.let("torch.addcmul(" + b + ", " + floats + ", " + a + ")");
            return new Plan.Value(x, batch, 3, p.side(), p.side());
        }

        /** The means of the taps, each group of channels at mean 0 and deviation 1. */
        private static String normalized(TorchPlan plan, List<Plan.Value> taps) {
            List<String> groups = new ArrayList<>();
            for (Plan.Value tap : taps) {
                String mean = plan.let("torch.mean(" + tap.name() + ", [2, 3])");
                String centred = plan.let("torch.sub(" + mean + ", torch.mean(" + mean + ", [1], True))");
                String deviation = plan.let("torch.std(" + mean + ", [1], True, True)");
                groups.add(plan.let("torch.div(" + centred + ", torch.add(" + deviation + ", 1e-05))"));
            }
            return plan.let("torch.cat([" + String.join(", ", groups) + "], 1)");
        }

        private String reconstructed(TorchPlan plan, String z) throws IOException {
            Map<String, HostTensor> state =
                    Safetensors.read(folder.resolve("lfdn.safetensors")).tensors();
            LfdnConfig size = LfdnConfig.paper();
            int time = Reconstruction.fast().time();
            double signal = Math.sqrt(Schedules.dlsr().alphaBar(time));
            int width = size.timeWidth();
            float[] frequencies = new TimestepSpec(2 * width, 10000, true, DType.F32).frequencies();
            String f = plan.argument(HostTensor.of(Shape.of(1, width), frequencies), "");
            String t = plan.argument(HostTensor.of(Shape.of(1), (long) time), "");
            String noisy = plan.let("torch.mul(" + z + ", " + signal + ")");
            List<String> names = new ArrayList<>(state.keySet());
            List<String> arguments = new ArrayList<>();
            names.forEach(name -> arguments.add(plan.argument(state.get(name), "")));
            String list = plan.let("[" + String.join(", ", arguments) + "]");
            String y = list + "_y";
            plan.add(new TorchLfdn(size, names, list).statements(noisy, t, f, y));
            return y;
        }

        private static String similarity(TorchPlan plan, String z, String y) {
            List<String> cosines = new ArrayList<>();
            int start = 0;
            for (int end : ENDS) {
                String part = "torch.slice(%s, 1, " + start + ", " + end + ", 1)";
                cosines.add("torch.cosine_similarity(" + part.formatted(z) + ", " + part.formatted(y) + ", 1, 1e-08)");
                start = end;
            }
            return plan.let("torch.neg(torch.mean(torch.stack([" + String.join(", ", cosines) + "]), [0]))");
        }

        @Override
        protected void release() {
            model.close();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
                Files.delete(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Random square images in memory. */
    private record Bytes(List<Image> images) implements ImageSet {
        static Bytes of(int count, int side) {
            return new Bytes(
                    IntStream.range(0, count).mapToObj(i -> draw(i, side)).toList());
        }

        @Override
        public String name() {
            return "random";
        }

        @Override
        public int size() {
            return images.size();
        }

        @Override
        public Image image(int index) {
            return images.get(index);
        }

        private static Image draw(int index, int side) {
            float[] noise = new float[3 * side * side];
            Philox.fillNormal(1, Philox.stream("image", index), 0, noise);
            byte[] rgb = new byte[noise.length];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = (byte) Math.clamp(Math.round(128 + 50 * noise[i]), 0, 255);
            }
            return new Image(side, side, rgb);
        }

        @Override
        public int label(int index) {
            return -1;
        }

        @Override
        public List<String> classNames() {
            return List.of();
        }
    }

    @Benchmark
    public void score(Scoring s, Work work) {
        s.run(work);
    }
}
