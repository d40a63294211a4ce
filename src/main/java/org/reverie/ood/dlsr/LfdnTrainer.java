package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.autograd.Tape;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.nn.StateDict;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.op.Random;
import org.reverie.op.Shaping;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.optim.MixedPrecision;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Trains the denoiser on cached features: noise a batch at random time steps, predict the clean features, mean squared
 * error. The order of an epoch, and the noise and time step of a sample in an epoch, come from streams named by (seed,
 * epoch, sample); nothing depends on when the training was interrupted. A training that is stopped at any instant and
 * resumed from its last state file ends with the same bits.
 */
public final class LfdnTrainer implements AutoCloseable {
    private static final long SAVE_EVERY_NANOS = 120_000_000_000L;

    private final Device device;
    private final TrainConfig config;
    private final MixedPrecision precision;
    private final float[] features;
    private final int count;
    private final int dimension;
    private final Scope scope = Scope.detached();
    private final Lfdn network;
    private final AdamW optimizer;
    private final Ema average;
    private final Tensor sqrtAlphaBar;
    private final Tensor sqrtOneMinusAlphaBar;
    private final String identity;
    private Map<String, HostTensor> afterFirstEpoch = Map.of();
    private int epoch;
    private int batchOfEpoch;
    private double lossOfEpoch;

    /**
     * @param normalized rows of normalised features, {@code [n, size.features()]}
     * @param identity what the features were made from; a state file of other features is refused
     */
    public LfdnTrainer(Device device, LfdnConfig size, TrainConfig config, float[] normalized, String identity) {
        this(device, size, config, MixedPrecision.in(DType.F32), normalized, identity);
    }

    /** As above, in low precision with f32 masters; a state file of another precision is refused. */
    public LfdnTrainer(
            Device device,
            LfdnConfig size,
            TrainConfig config,
            MixedPrecision precision,
            float[] normalized,
            String identity) {
        this.device = device;
        this.config = config;
        this.precision = precision;
        this.features = normalized;
        this.dimension = size.features();
        this.count = normalized.length / dimension;
        this.identity = size + " " + config.withEpochs(1) + " " + identity
                + (precision.dtype() == DType.F32 ? "" : " " + precision.dtype().label());
        NoiseSchedule schedule = Schedules.dlsr();
        this.network = scope.within(() -> new Lfdn(new Initializer(device, config.seed()), size));
        this.optimizer = scope.within(() -> new AdamW(
                network.parameters(), AdamWConfig.of(config.learningRate()).withWeightDecay(config.weightDecay())));
        this.average = scope.within(() -> new Ema(network.parameters(), config.emaDecay(), true));
        this.sqrtAlphaBar = scope.within(() -> schedule.sqrtAlphaBar(device));
        this.sqrtOneMinusAlphaBar = scope.within(() -> schedule.sqrtOneMinusAlphaBar(device));
    }

    /**
     * Trains until the configured number of epochs is reached or {@code progress} cancels; saves to {@code state} every
     * two minutes, at the end of every epoch and when cancelled.
     *
     * @return whether the training is complete
     * @throws IllegalStateException if the loss is no number any more; {@code state} keeps what was saved before
     */
    public boolean run(Path state, Progress progress) throws IOException {
        long saved = System.nanoTime();
        int batches = (count + config.batch() - 1) / config.batch();
        while (epoch < config.epochs()) {
            int[] order = Philox.permutation(config.seed(), Philox.stream("dlsr.order", epoch), count);
            while (batchOfEpoch < batches) {
                if (progress.cancelled()) {
                    save(state);
                    return false;
                }
                int from = batchOfEpoch * config.batch();
                int[] rows = java.util.Arrays.copyOfRange(order, from, Math.min(count, from + config.batch()));
                lossOfEpoch += step(rows);
                batchOfEpoch++;
                long at = (long) epoch * batches + batchOfEpoch;
                progress.at("training", at, (long) config.epochs() * batches, detail());
                if (System.nanoTime() - saved > SAVE_EVERY_NANOS) {
                    save(state);
                    saved = System.nanoTime();
                }
            }
            epoch++;
            batchOfEpoch = 0;
            lossOfEpoch = 0;
            if (epoch == 1) {
                afterFirstEpoch = averaged();
            }
            save(state);
            saved = System.nanoTime();
        }
        return true;
    }

    private String detail() {
        String loss = String.format(java.util.Locale.ROOT, "loss %.4f", lossOfEpoch / batchOfEpoch);
        return precision.skipped() == 0 ? loss : loss + ", " + precision.skipped() + " steps left out (overflow)";
    }

    /** One optimiser step on the given rows; returns the loss. */
    private double step(int[] rows) {
        int n = rows.length;
        float[] clean = new float[n * dimension];
        int[] times = new int[n];
        long timeStream = Philox.stream("dlsr.time", epoch);
        for (int i = 0; i < n; i++) {
            System.arraycopy(features, rows[i] * dimension, clean, i * dimension, dimension);
            times[i] = Philox.below(config.seed(), timeStream, rows[i], Schedules.STEPS);
        }
        try (Scope step = Scope.open()) {
            Tensor z0 = Tensor.from(device, HostTensor.of(Shape.of(n, dimension), clean));
            Tensor e = noise(rows);
            Tensor t = Tensor.from(device, HostTensor.of(Shape.of(n), times));
            Tensor noisy = DiffusionOps.qSample(z0, e, t, sqrtAlphaBar, sqrtOneMinusAlphaBar);
            try (Tape tape = Tape.watch(network.parameters())) {
                Tensor loss = precision.forward(() -> Losses.mse(network.apply(noisy, t), z0));
                boolean made = precision.step(tape, loss, network.parameters(), optimizer, config.learningRate());
                double value = loss.item();
                if (!made) {
                    return value;
                }
                if (!Double.isFinite(value)) {
                    throw new IllegalStateException(
                            "the loss is " + value + " in epoch " + (epoch + 1) + ": a smaller learning rate may help");
                }
                average.update();
                return value;
            }
        }
    }

    /** The noise of these samples in this epoch, {@code [rows, features]}: each has a stream of its own. */
    private Tensor noise(int[] rows) {
        Tensor[] samples = new Tensor[rows.length];
        for (int i = 0; i < rows.length; i++) {
            long stream = Philox.stream("dlsr.noise", epoch, rows[i]);
            samples[i] = Random.normal(device, Shape.of(1, dimension), config.seed(), stream);
        }
        return Shaping.concat(0, samples);
    }

    /** The denoiser with its current weights. */
    public Lfdn network() {
        return network;
    }

    public int epoch() {
        return epoch;
    }

    /** The averaged weights by name, as they lie in files. */
    public Map<String, HostTensor> averaged() {
        Map<String, HostTensor> state = new LinkedHashMap<>();
        List<Tensor> values = average.averages();
        int i = 0;
        for (String name : network.named().keySet()) {
            state.put(name, values.get(i++).toHost());
        }
        return state;
    }

    /** The averaged weights after the first epoch, which the LR score compares with. */
    public Map<String, HostTensor> afterFirstEpoch() {
        return afterFirstEpoch;
    }

    /** Writes everything that the rest of the training depends on. */
    public void save(Path state) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        StateDict.put(tensors, "model.", network.stateDict());
        StateDict.put(tensors, "average.", average.state());
        StateDict.put(tensors, "optimizer.", optimizer.state());
        StateDict.put(tensors, "precision.", precision.state());
        StateDict.put(tensors, "first.", afterFirstEpoch);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("identity", identity);
        metadata.put("epoch", Integer.toString(epoch));
        metadata.put("batch_of_epoch", Integer.toString(batchOfEpoch));
        metadata.put("loss_of_epoch", Double.toHexString(lossOfEpoch));
        Safetensors.write(state, tensors, metadata);
    }

    /** Goes on from a state file if there is one; refuses one of another training. */
    public boolean resume(Path state) throws IOException {
        if (!Files.exists(state)) {
            return false;
        }
        Safetensors s = Safetensors.read(state);
        if (!identity.equals(s.metadata().get("identity"))) {
            throw new FormatException(
                    state.toString(),
                    "metadata",
                    "this is the state of a training with other features or settings; remove it to start anew");
        }
        network.load(state.toString(), StateDict.part(s.tensors(), "model."), n -> false);
        average.restore(StateDict.part(s.tensors(), "average."));
        optimizer.restore(StateDict.part(s.tensors(), "optimizer."));
        precision.restore(StateDict.part(s.tensors(), "precision."));
        afterFirstEpoch = StateDict.part(s.tensors(), "first.");
        epoch = Integer.parseInt(s.metadata().get("epoch"));
        batchOfEpoch = Integer.parseInt(s.metadata().get("batch_of_epoch"));
        lossOfEpoch = Double.parseDouble(s.metadata().get("loss_of_epoch"));
        return true;
    }

    @Override
    public void close() {
        average.close();
        optimizer.close();
        scope.close();
    }
}
