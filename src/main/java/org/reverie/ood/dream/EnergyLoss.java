package org.reverie.ood.dream;

import java.util.Arrays;
import org.reverie.autograd.Tape;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Reductions;
import org.reverie.op.Views;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The regulariser of stage 4: a small network φ tells from the negative energy of an image, s = log Σ exp of its logits,
 * whether it is ID; the loss is the cross-entropy of that, the mean over ID and OOD images together (Du et al. 2022, 2023).
 * φ is trained with the classifier and left behind.
 */
final class EnergyLoss extends Module {
    private static final int ID = 1;

    private final LinearLayer first;
    private final LinearLayer second;

    /** @param hidden width of φ between its two layers; 0 for a single layer, as the official CIFAR program has it */
    EnergyLoss(Initializer init, int hidden) {
        first = part("first", new LinearLayer(init.in("first"), 1, hidden == 0 ? 2 : hidden));
        second = hidden == 0 ? null : part("second", new LinearLayer(init.in("second"), hidden, 2));
    }

    /**
     * @param logits {@code [N, classes]}, those of ID images first
     * @param id how many they are
     */
    Tensor apply(Tensor logits, int id) {
        int n = logits.dim(0);
        int[] labels = new int[n];
        Arrays.fill(labels, 0, id, ID);
        Tensor x = first.apply(Views.reshape(negativeEnergy(logits), n, 1));
        Tensor y = second == null ? x : second.apply(Activations.relu(x));
        return Losses.crossEntropy(y, Tensor.from(logits.device(), HostTensor.of(Shape.of(n), labels)));
    }

    /** log Σ exp over the last axis, {@code [N, classes] → [N]}, without overflow. */
    static Tensor negativeEnergy(Tensor logits) {
        // The maximum is a constant to the gradient: what it adds inside and outside cancels.
        Tensor max = Tape.paused(() -> Reductions.maxKeepDims(logits, 1));
        Tensor sum = Reductions.sum(Pointwise.exp(Pointwise.sub(logits, max)), 1);
        return Pointwise.add(Pointwise.log(sum), Views.reshape(max, logits.dim(0)));
    }
}
