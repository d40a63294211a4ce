package org.reverie.models.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reverie.autograd.Tape;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Progress;
import org.reverie.nn.Module;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.optim.GradientClip;
import org.reverie.optim.Schedule;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Steps of AdamW over a model's parameters, with a running average of them. What a step does depends on its number and on the
 * state, so a training that is stopped at any step and resumed from its state file ends with the same bits.
 */
final class TrainingRun implements AutoCloseable {
    private static final long SAVE_EVERY_NANOS = 60_000_000_000L;

    /** How far back the loss that is shown reaches. */
    private static final double SMOOTHING = 0.98;

    private static final String MODEL = "model.";
    private static final String AVERAGE = "average.";
    private static final String OPTIMIZER = "optimizer.";
    private static final String LOSSES = "losses";

    /** The loss of one step, recorded by the tape that is open. */
    @FunctionalInterface
    interface Objective {
        Tensor loss(int step);
    }

    /** Looks at the training now and then; what it does must not change the training. */
    @FunctionalInterface
    interface Preview {
        void show(TrainingRun run) throws IOException;
    }

    private final Module model;
    private final List<Tensor> parameters;
    private final TrainingPlan plan;
    private final Schedule schedule;
    private final String identity;
    private final Scope scope = Scope.detached();
    private final AdamW optimizer;
    private final Ema average;
    private final float[] losses;
    private int step;

    /** @param identity what the training depends on besides the state; the state of another is refused */
    TrainingRun(Module model, TrainingPlan plan, String identity) {
        this.model = model;
        this.parameters = model.parameters();
        this.plan = plan;
        this.schedule = plan.schedule();
        this.identity = identity;
        this.losses = new float[plan.steps()];
        this.optimizer = scope.within(() -> new AdamW(parameters, AdamWConfig.of(plan.learningRate())));
        this.average = scope.within(() -> new Ema(parameters, plan.ema(), true));
    }

    /**
     * Trains to the end, or until {@code progress} cancels; saves to {@code state} every minute, before every preview and when
     * cancelled.
     *
     * @param previews how often to look, the end included
     * @return whether it is complete
     */
    boolean run(String task, Objective objective, Path state, int previews, Preview preview, Progress progress)
            throws IOException {
        long saved = System.nanoTime();
        int every = Math.max(1, Math.ceilDiv(plan.steps(), previews));
        while (step < plan.steps()) {
            if (progress.cancelled()) {
                save(state);
                return false;
            }
            losses[step] = step(objective);
            step++;
            progress.at(task, step, plan.steps(), String.format(Locale.ROOT, "loss %.4f", recentLoss()));
            boolean look = step % every == 0 || step == plan.steps();
            if (look || System.nanoTime() - saved > SAVE_EVERY_NANOS) {
                save(state);
                saved = System.nanoTime();
            }
            if (look) {
                preview.show(this);
            }
        }
        return true;
    }

    private float step(Objective objective) {
        try (Scope local = Scope.open();
                Tape tape = Tape.watch(parameters)) {
            Tensor loss = objective.loss(step);
            List<Tensor> gradients = GradientClip.clip(tape.gradients(loss, parameters), plan.clip());
            optimizer.step(gradients, schedule.at(step));
            average.update();
            return (float) loss.item();
        }
    }

    int steps() {
        return step;
    }

    /** The loss of each step so far. */
    float[] losses() {
        return Arrays.copyOf(losses, step);
    }

    /** A mean of the latest losses in which each weighs less than the one after it. */
    double recentLoss() {
        double mean = losses[Math.max(0, step - 1)];
        double weight = 1;
        double sum = mean;
        double weights = 1;
        for (int i = step - 2; i >= 0 && weight > 1e-3; i--) {
            weight *= SMOOTHING;
            sum += weight * losses[i];
            weights += weight;
        }
        return sum / weights;
    }

    /** Overwrites another instance of the model with the running averages; buffers are not touched. */
    void copyAverage(Module other) {
        average.copyTo(other.parameters());
    }

    private void save(Path state) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        put(tensors, MODEL, model.stateDict());
        put(tensors, AVERAGE, average.state());
        put(tensors, OPTIMIZER, optimizer.state());
        tensors.put(LOSSES, HostTensor.of(Shape.of(step), losses()));
        Safetensors.write(state, tensors, Map.of("identity", identity, "step", Integer.toString(step)));
    }

    /** Goes on from a state file if there is one; refuses one of another training. */
    void resume(Path state) throws IOException {
        if (!Files.exists(state)) {
            return;
        }
        Safetensors s = Safetensors.read(state);
        if (!identity.equals(s.metadata().get("identity"))) {
            throw new FormatException(
                    state.toString(),
                    "metadata",
                    "this is the state of a training with other images, embeddings or settings; remove it to start"
                            + " anew");
        }
        float[] before = s.tensors().get(LOSSES).toFloats();
        model.load(state.toString(), part(s.tensors(), MODEL), name -> false);
        average.restore(part(s.tensors(), AVERAGE));
        optimizer.restore(part(s.tensors(), OPTIMIZER));
        step = before.length;
        System.arraycopy(before, 0, losses, 0, step);
    }

    private static void put(Map<String, HostTensor> all, String prefix, Map<String, HostTensor> part) {
        part.forEach((name, t) -> all.put(prefix + name, t));
    }

    private static Map<String, HostTensor> part(Map<String, HostTensor> all, String prefix) {
        Map<String, HostTensor> part = new LinkedHashMap<>();
        all.forEach((name, t) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), t);
            }
        });
        return part;
    }

    @Override
    public void close() {
        average.close();
        optimizer.close();
        scope.close();
    }
}
