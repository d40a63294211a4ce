package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reverie.autograd.GradientCheck;
import org.reverie.autograd.Tape;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.nn.Initializer;
import org.reverie.ood.FeatureMatrix;
import org.reverie.op.Random;
import org.reverie.op.ReferenceBackend;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

class EnergyLossTest {
    @Test
    void theEnergysGradientIsThatOfDifferences() {
        try (Backend f64 = ReferenceBackend.inDouble();
                Scope scope = Scope.open()) {
            Tensor[] logits = {Random.normal(f64, Shape.of(5, 7), 1, 0)};
            double error = GradientCheck.worstError(
                    in -> new Tensor[] {EnergyLoss.negativeEnergy(in[0])}, logits, new boolean[] {true});
            assertTrue(error < 1e-7, "relative error " + error);
        }
    }

    @Test
    void largeLogitsDoNotOverflow() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Tensor logits = Tensor.of(device, Shape.of(2, 2), 1000, 1000, -1000, -999);
            float[] s = EnergyLoss.negativeEnergy(logits).toFloats();
            assertEquals(1000 + Math.log(2), s[0], 1e-3);
            assertEquals(-999 + Math.log1p(Math.exp(-1)), s[1], 1e-3);
            ClassifierScores scores = ClassifierScores.of(new FeatureMatrix(logits.toFloats(), 2, 2));
            assertEquals(-s[0], scores.energy()[0], 1e-3);
            assertEquals(-0.5, scores.msp()[0], 1e-6);
        }
    }

    private record Outcome(double loss, List<float[]> gradients) {}

    private static Outcome on(String name) {
        try (Backend device = Devices.open(name, new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            EnergyLoss energy = new EnergyLoss(new Initializer(device, 3), 8);
            Tensor logits = Random.normal(device, Shape.of(12, 5), 4, 0);
            List<Tensor> all = new ArrayList<>(energy.parameters());
            all.add(logits);
            try (Tape tape = Tape.watch(all)) {
                Tensor loss = energy.apply(logits, 7);
                return new Outcome(
                        loss.item(),
                        tape.gradients(loss, all).stream().map(Tensor::toFloats).toList());
            }
        }
    }

    /** The loss and its gradients by φ and the logits have the reference's bits. */
    @Test
    void theCpuHasTheReferencesBits() {
        Outcome cpu = on("cpu");
        Outcome reference = on("reference");
        assertEquals(reference.loss(), cpu.loss());
        for (int i = 0; i < cpu.gradients().size(); i++) {
            assertArrayEquals(reference.gradients().get(i), cpu.gradients().get(i));
        }
    }

    /** With one layer whose weights are known: the mean of −log σ(±(a·s + b)). */
    @Test
    void theLossIsTheLogisticOneOfTheEnergies() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            EnergyLoss energy = new EnergyLoss(new Initializer(device, 3), 0);
            energy.load(
                    "test",
                    Map.of(
                            "first.weight", HostTensor.of(Shape.of(2, 1), 0f, 2f),
                            "first.bias", HostTensor.of(Shape.of(2), 0f, -3f)),
                    name -> false);
            Tensor logits = Tensor.of(device, Shape.of(2, 2), 1, 2, 0, 0);
            double id = 2 * Math.log(Math.exp(1) + Math.exp(2)) - 3;
            double ood = 2 * Math.log(2) - 3;
            double expected = (Math.log1p(Math.exp(-id)) + Math.log1p(Math.exp(ood))) / 2;
            assertEquals(expected, energy.apply(logits, 1).item(), 1e-6);
        }
    }
}
