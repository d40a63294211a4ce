package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reverie.autograd.Tape;
import org.reverie.data.PixelSet;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Progress;
import org.reverie.nn.Module;
import org.reverie.nn.StateDict;
import org.reverie.optim.Schedule;
import org.reverie.optim.Sgd;
import org.reverie.optim.SgdConfig;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * The loop that stages 1, 4 and 5 share: the images in a new order each epoch, a loss, a step. It stops and goes on between
 * epochs; the rest of a run depends on the state file alone, so that it ends with the same bits.
 */
final class SgdRun implements AutoCloseable {
    /** A training's own part. Both methods run in a scope of their own. */
    interface Task {
        /** What an epoch has to know about the model before it begins; nothing is recorded. */
        default void begin(int epoch) {}

        /**
         * The loss of a batch, recorded by a tape.
         *
         * @param rows the images of the batch by their index in the set
         * @param step counted from 0 over all epochs
         */
        Tensor loss(int[] rows, int epoch, int step);
    }

    private static final double SLOW = 0.95;

    private final Module model;
    private final SgdSettings settings;
    private final int images;
    private final long seed;
    private final String identity;
    private final Sgd optimizer;
    private int epoch;
    private double average = Double.NaN;

    /** @param identity what is trained on what; a state of something else is refused */
    SgdRun(Module model, SgdSettings settings, PixelSet images, long seed, String identity) {
        if (settings.augmentation().shift() >= images.side()) {
            throw new IllegalArgumentException(
                    "images of " + images.side() + " pixels a side can't be shifted by up to "
                            + settings.augmentation().shift());
        }
        this.model = model;
        this.settings = settings;
        this.images = images.size();
        this.seed = seed;
        this.identity = settings.withEpochs(1) + " of " + settings.epochs() + " epochs, seed " + seed + ", " + identity;
        this.optimizer = new Sgd(
                model.parameters(),
                new SgdConfig(settings.rate(), settings.momentum(), settings.momentum() > 0, settings.decay()));
    }

    /**
     * Trains to the end, or until {@code progress} cancels.
     *
     * @param state where to keep what is done after an epoch if the run stops there; null keeps nothing
     * @return whether it is complete
     * @throws IllegalStateException if the loss is no number
     */
    boolean run(Task task, Path state, String name, Progress progress) throws IOException {
        int batches = Math.max(1, images / settings.batch());
        long total = (long) batches * settings.epochs();
        Schedule schedule = Schedule.cosine(settings.rate(), SgdSettings.LAST_RATE, total);
        if (state != null) {
            resume(state);
        }
        while (epoch < settings.epochs()) {
            if (progress.cancelled()) {
                if (state != null) {
                    save(state);
                }
                return false;
            }
            int now = epoch;
            try (Scope scope = Scope.open()) {
                Tape.paused(() -> {
                    task.begin(now);
                    return null;
                });
            }
            int[] order = Philox.permutation(seed, Philox.stream("dream.order", epoch), images);
            for (int b = 0; b < batches; b++) {
                int from = b * settings.batch();
                int[] rows = Arrays.copyOfRange(order, from, Math.min(images, from + settings.batch()));
                int step = epoch * batches + b;
                double loss = step(task, rows, step, schedule.at(step));
                average = Double.isNaN(average) ? loss : SLOW * average + (1 - SLOW) * loss;
                progress.at(name, step + 1L, total, String.format(Locale.ROOT, "loss %.3f", average));
            }
            epoch++;
        }
        return true;
    }

    private double step(Task task, int[] rows, int step, double rate) {
        List<Tensor> parameters = model.parameters();
        try (Scope scope = Scope.open();
                Tape tape = Tape.watch(parameters)) {
            Tensor loss = task.loss(rows, epoch, step);
            double value = loss.item();
            if (!Double.isFinite(value)) {
                throw new IllegalStateException(
                        "the loss of step " + step + " is " + value + ": a smaller rate may help");
            }
            optimizer.step(tape.gradients(loss, parameters), rate);
            return value;
        }
    }

    /** The loss of late, an average that forgets. */
    double loss() {
        return average;
    }

    private void save(Path file) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        StateDict.put(tensors, "model.", model.stateDict());
        StateDict.put(tensors, "optimizer.", optimizer.state());
        Safetensors.write(
                file,
                tensors,
                Map.of("identity", identity, "epoch", Integer.toString(epoch), "loss", Double.toHexString(average)));
    }

    private void resume(Path file) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        Safetensors s = Safetensors.read(file);
        if (!identity.equals(s.metadata().get("identity"))) {
            throw new FormatException(
                    file.toString(),
                    "metadata",
                    "this is the state of a training with other images or settings; remove it to start anew");
        }
        model.load(file.toString(), StateDict.part(s.tensors(), "model."), name -> false);
        optimizer.restore(StateDict.part(s.tensors(), "optimizer."));
        epoch = Integer.parseInt(s.metadata().get("epoch"));
        average = Double.parseDouble(s.metadata().get("loss"));
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
