package org.reverie.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.autograd.Tape;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.nn.Initializer;
import org.reverie.op.Losses;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Schedule;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Teaches an encoder to name which of twelve generators drew an image; no data and no labels are needed. AdamW at 2e-3
 * falling to 0 by a cosine, 400 steps of 96 images unless told otherwise. The same seed gives the same bits on every
 * device.
 */
public final class ProceduralPretraining implements AutoCloseable {
    public static final int STEPS = 400;
    public static final int BATCH = 96;
    private static final double LEARNING_RATE = 2e-3;
    private static final long TEST_IMAGES = 1L << 40;

    private final Device device;
    private final long seed;
    private final int steps;
    private final ProceduralImages images;
    private final Scope scope = Scope.detached();
    private final ProceduralCnn network;
    private final AdamW optimizer;
    private final Schedule schedule;
    private int step;

    public ProceduralPretraining(Device device, long seed, int steps) {
        this.device = device;
        this.seed = seed;
        this.steps = steps;
        this.images = new ProceduralImages(seed);
        this.network = scope.within(() -> new ProceduralCnn(new Initializer(device, seed)));
        this.optimizer = scope.within(() -> new AdamW(network.parameters(), AdamWConfig.of(LEARNING_RATE)));
        this.schedule = Schedule.cosine(LEARNING_RATE, 0, steps);
    }

    /**
     * Trains to the end, or until {@code progress} cancels; then the state file keeps what is done.
     *
     * @return whether it is complete
     */
    public boolean run(Path state, Progress progress) throws IOException {
        double average = Double.NaN;
        while (step < steps) {
            if (progress.cancelled()) {
                save(state);
                return false;
            }
            double loss = step();
            average = Double.isNaN(average) ? loss : 0.95 * average + 0.05 * loss;
            progress.at("pretraining", step, steps, String.format(java.util.Locale.ROOT, "loss %.3f", average));
        }
        return true;
    }

    private double step() {
        float[] batch = new float[BATCH * ProceduralImages.FLOATS];
        int[] labels = fill(batch, (long) step * BATCH);
        try (Scope local = Scope.open()) {
            Tensor x = images(batch);
            Tensor y = Tensor.from(device, HostTensor.of(Shape.of(BATCH), labels));
            List<Tensor> parameters = network.parameters();
            try (Tape tape = Tape.watch(parameters)) {
                Tensor loss = Losses.crossEntropy(network.train(x), y);
                optimizer.step(tape.gradients(loss, parameters), schedule.at(step));
                step++;
                return loss.item();
            }
        }
    }

    private int[] fill(float[] batch, long first) {
        int[] labels = new int[BATCH];
        java.util.stream.IntStream.range(0, BATCH)
                .parallel()
                .forEach(i -> labels[i] = images.fill(first + i, batch, i * ProceduralImages.FLOATS));
        return labels;
    }

    private Tensor images(float[] batch) {
        int side = ProceduralImages.SIDE;
        return Tensor.from(device, HostTensor.of(Shape.of(BATCH, side, side, 3), batch));
    }

    /** The share of {@code count} new images (rounded up to whole batches) whose generator is named rightly. */
    public double accuracy(int count) {
        ImageModel model = ProceduralEncoder.model();
        int right = 0;
        int seen = 0;
        try (Network n = model.network().load(device, "the pretrained encoder", weights())) {
            float[] batch = new float[BATCH * ProceduralImages.FLOATS];
            for (; seen < count; seen += BATCH) {
                int[] labels = fill(batch, TEST_IMAGES + seen);
                try (Scope local = Scope.open()) {
                    float[] logits = n.forward(images(batch)).toFloats();
                    for (int i = 0; i < BATCH; i++) {
                        right += best(logits, i) == labels[i] ? 1 : 0;
                    }
                }
            }
        }
        return right / (double) seen;
    }

    private static int best(float[] logits, int row) {
        int best = 0;
        for (int c = 1; c < ProceduralImages.CLASSES; c++) {
            int at = row * ProceduralImages.CLASSES;
            best = logits[at + c] > logits[at + best] ? c : best;
        }
        return best;
    }

    /** The encoder's weights as they lie in files. */
    public Map<String, HostTensor> weights() {
        return network.stateDict();
    }

    public int stepsDone() {
        return step;
    }

    private void save(Path state) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        network.stateDict().forEach((n, t) -> tensors.put("model." + n, t));
        optimizer.state().forEach((n, t) -> tensors.put("optimizer." + n, t));
        Safetensors.write(state, tensors, Map.of("identity", identity(), "step", Integer.toString(step)));
    }

    private String identity() {
        return "pretraining of seed " + seed + " over " + steps + " steps";
    }

    /** Goes on from a state file if there is one; refuses one of another pretraining. */
    public boolean resume(Path state) throws IOException {
        if (!Files.exists(state)) {
            return false;
        }
        Safetensors s = Safetensors.read(state);
        if (!identity().equals(s.metadata().get("identity"))) {
            throw new FormatException(
                    state.toString(),
                    "metadata",
                    "this is not the state of the " + identity() + "; remove it to start anew");
        }
        Map<String, HostTensor> model = new LinkedHashMap<>();
        Map<String, HostTensor> optimiser = new LinkedHashMap<>();
        s.tensors().forEach((n, t) -> {
            if (n.startsWith("model.")) {
                model.put(n.substring("model.".length()), t);
            } else {
                optimiser.put(n.substring("optimizer.".length()), t);
            }
        });
        network.load(state.toString(), model, n -> false);
        optimizer.restore(optimiser);
        step = Integer.parseInt(s.metadata().get("step"));
        return true;
    }

    @Override
    public void close() {
        optimizer.close();
        scope.close();
    }
}
