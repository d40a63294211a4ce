package org.reverie.models.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.reverie.autograd.Tape;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.nn.StateDict;
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
 *
 * @param <M> the model
 */
abstract class TrainingRun<M extends Module> implements AutoCloseable {
    private static final long SAVE_EVERY_NANOS = 60_000_000_000L;

    /** How often to look at a training, its end included. */
    private static final int PREVIEWS = 5;

    /** How far back the loss that is shown reaches. */
    private static final double SMOOTHING = 0.98;

    private static final String MODEL = "model.";
    private static final String AVERAGE = "average.";
    private static final String OPTIMIZER = "optimizer.";
    private static final String LOSSES = "losses";

    /** Looks at the training now and then; what it does must not change the training. */
    @FunctionalInterface
    interface Preview {
        void show() throws IOException;
    }

    /** What lives as long as the training. */
    final Scope scope = Scope.detached();

    /** What is trained. */
    final M model;

    private final String task;
    private final M averaged;
    private final List<Tensor> parameters;
    private final TrainingPlan plan;
    private final Schedule schedule;
    private final String identity;
    private final AdamW optimizer;
    private final Ema average;
    private final float[] losses;
    private int step;

    /**
     * @param task what is done, in words for the user
     * @param identity what the training depends on besides the state; the state of another is refused
     * @param make builds the model
     */
    TrainingRun(String task, TrainingPlan plan, String identity, Initializer init, Function<Initializer, M> make) {
        this.task = task;
        this.model = scope.within(() -> make.apply(init));
        this.averaged = scope.within(() -> make.apply(Initializer.undefined(init.device())));
        this.parameters = model.parameters();
        this.plan = plan;
        this.schedule = plan.schedule();
        this.identity = identity;
        this.losses = new float[plan.steps()];
        this.optimizer = scope.within(() -> new AdamW(parameters, AdamWConfig.of(plan.learningRate())));
        this.average = scope.within(() -> new Ema(parameters, plan.ema(), true));
    }

    /** The loss of one step, recorded by the tape that is open. */
    abstract Tensor loss(int step);

    /**
     * Trains to the end, or until {@code progress} cancels, from where {@code state} says if it exists; saves to it every
     * minute, before every preview and when cancelled.
     *
     * @return whether it is complete
     * @throws FormatException if {@code state} is that of another training
     * @throws IllegalStateException if the loss is no number
     */
    final boolean run(Path state, Preview preview, Progress progress) throws IOException {
        resume(state);
        long saved = System.nanoTime();
        int every = Math.max(1, Math.ceilDiv(plan.steps(), PREVIEWS));
        while (step < plan.steps()) {
            if (progress.cancelled()) {
                save(state);
                return false;
            }
            losses[step] = step();
            step++;
            progress.at(task, step, plan.steps(), String.format(Locale.ROOT, "loss %.4f", recentLoss()));
            boolean look = step % every == 0 || step == plan.steps();
            if (look || System.nanoTime() - saved > SAVE_EVERY_NANOS) {
                save(state);
                saved = System.nanoTime();
            }
            if (look) {
                preview.show();
            }
        }
        return true;
    }

    private float step() {
        try (Scope local = Scope.open();
                Tape tape = Tape.watch(parameters)) {
            Tensor loss = loss(step);
            List<Tensor> gradients = GradientClip.clip(tape.gradients(loss, parameters), plan.clip());
            optimizer.step(gradients, schedule.at(step));
            average.update();
            float value = (float) loss.item();
            if (!Float.isFinite(value)) {
                throw new IllegalStateException("the loss of step " + step + " is " + value);
            }
            return value;
        }
    }

    final int steps() {
        return step;
    }

    /** The loss of each step so far. */
    final float[] losses() {
        return Arrays.copyOf(losses, step);
    }

    /** A mean of the latest losses in which each weighs less than the one after it. */
    final double recentLoss() {
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

    /** The model with averaged weights as they are now; it lives until this is closed. */
    final M averaged() {
        average.copyTo(averaged.parameters());
        return averaged;
    }

    private void save(Path state) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        StateDict.put(tensors, MODEL, model.stateDict());
        StateDict.put(tensors, AVERAGE, average.state());
        StateDict.put(tensors, OPTIMIZER, optimizer.state());
        tensors.put(LOSSES, HostTensor.of(Shape.of(step), losses()));
        Safetensors.write(state, tensors, Map.of("identity", identity, "step", Integer.toString(step)));
    }

    private void resume(Path state) throws IOException {
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
        model.load(state.toString(), StateDict.part(s.tensors(), MODEL), name -> false);
        average.restore(StateDict.part(s.tensors(), AVERAGE));
        optimizer.restore(StateDict.part(s.tensors(), OPTIMIZER));
        step = before.length;
        System.arraycopy(before, 0, losses, 0, step);
    }

    @Override
    public final void close() {
        average.close();
        optimizer.close();
        scope.close();
    }
}
