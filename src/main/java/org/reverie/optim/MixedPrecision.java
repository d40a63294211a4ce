package org.reverie.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.reverie.autograd.Tape;
import org.reverie.op.Autocast;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/**
 * Training in low precision with F32 masters: the forward pass runs under {@link Autocast}, its gradients arrive at the F32 parameters, and
 * the optimiser, running averages and checkpoints know nothing of it. F16 needs a {@link GradScaler}, BF16 has the range of F32. With
 * F32 everything is as without.
 *
 * <pre>{@code
 * MixedPrecision precision = MixedPrecision.in(DType.BF16);
 * try (Scope step = Scope.open(); Tape tape = Tape.watch(parameters)) {
 *     Tensor loss = precision.forward(() -> crossEntropy(model.apply(x), labels));
 *     precision.step(tape, loss, parameters, optimizer, lr);
 * }
 * }</pre>
 *
 * <p>State: that of the scaler in F16, nothing otherwise.
 */
public final class MixedPrecision {
    private final DType dtype;
    private final GradScaler scaler;

    private MixedPrecision(DType dtype, GradScaler scaler) {
        this.dtype = dtype;
        this.scaler = scaler;
    }

    /** F32, BF16 or F16; the last one with a scaler of the usual constants. */
    public static MixedPrecision in(DType dtype) {
        return dtype == DType.F16 ? f16(new GradScaler()) : withoutScaler(dtype);
    }

    /** F16 with a scaler of one's own. */
    public static MixedPrecision f16(GradScaler scaler) {
        return new MixedPrecision(DType.F16, scaler);
    }

    private static MixedPrecision withoutScaler(DType dtype) {
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException("training is in f32, bf16 or f16, not in " + dtype.label());
        }
        return new MixedPrecision(dtype, null);
    }

    public DType dtype() {
        return dtype;
    }

    /** The forward pass up to the loss, which is F32 if one of {@code Losses} or a reduction gives it. */
    public Tensor forward(Supplier<Tensor> loss) {
        return Autocast.to(dtype, loss);
    }

    /**
     * Differentiates the loss and makes one step of the optimiser.
     *
     * @param parameters those of the optimiser, in its order
     * @return whether the step was made; false if it was left out because of an overflow in F16
     */
    public boolean step(Tape tape, Tensor loss, List<Tensor> parameters, Optimizer optimizer, double lr) {
        if (scaler == null) {
            optimizer.step(tape.gradients(loss, parameters), lr);
            return true;
        }
        return scaler.step(optimizer, tape.gradients(loss, scaler.seed(loss), parameters), lr);
    }

    /** How many steps were left out because of an overflow in F16, since this was made. */
    public long skipped() {
        return scaler == null ? 0 : scaler.skipped();
    }

    /** What the next step depends on, for a checkpoint. */
    public LinkedHashMap<String, HostTensor> state() {
        return scaler == null ? new LinkedHashMap<>() : scaler.state();
    }

    /** Continues from a saved state. */
    public void restore(Map<String, HostTensor> state) {
        if (scaler != null) {
            scaler.restore(state);
        }
    }
}
