package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.reverie.autograd.GradientCheck;
import org.reverie.autograd.Tape;
import org.reverie.device.Backend;
import org.reverie.device.spec.Activation;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The gradients of normalisations exist twice, as one op and composed of ops; both are right, and the second has a gradient. */
class NormGradientsTest {
    private static final Function<Tensor[], Tensor> BATCH = in -> Norms.batchNormTrain(in[0], in[1], in[2], 1e-5)[0];
    private static final Function<Tensor[], Tensor> LAYER = in -> Norms.layerNorm(in[0], in[1], in[2], 1, 1e-5);
    private static final Function<Tensor[], Tensor> GROUP =
            in -> Norms.groupNorm(in[0], 2, in[1], in[2], 1e-5, Activation.SILU);

    @Test
    void composedGradientsAreThoseOfTheOps() {
        for (Function<Tensor[], Tensor> norm : List.of(BATCH, LAYER, GROUP)) {
            try (Backend f64 = ReferenceBackend.inDouble();
                    Scope scope = Scope.open()) {
                Tensor[] in = inputs(f64);
                List<Tensor> once = gradients(norm, in);
                List<Tensor> watched;
                try (Tape outer = Tape.watch(List.of(in[0]))) {
                    watched = gradients(norm, in);
                    for (int i = 0; i < once.size(); i++) {
                        float[] expected = once.get(i).toFloats();
                        float[] actual = watched.get(i).toFloats();
                        for (int j = 0; j < expected.length; j++) {
                            assertEquals(expected[j], actual[j], 1e-6f);
                        }
                    }
                }
            }
        }
    }

    @Test
    void secondDerivativesAgreeWithDifferences() {
        for (Function<Tensor[], Tensor> norm : List.of(BATCH, LAYER, GROUP)) {
            try (Backend f64 = ReferenceBackend.inDouble();
                    Scope scope = Scope.open()) {
                double error = GradientCheck.worstError(
                        in -> gradients(norm, in).toArray(Tensor[]::new),
                        inputs(f64),
                        new boolean[] {true, true, true, true});
                assertTrue(error < 1e-6, "relative error " + error);
            }
        }
    }

    private static List<Tensor> gradients(Function<Tensor[], Tensor> norm, Tensor[] in) {
        List<Tensor> wanted = List.of(in[0], in[1], in[2]);
        try (Tape tape = Tape.watch(wanted)) {
            Tensor y = norm.apply(in);
            return new ArrayList<>(tape.gradients(y, in[3], wanted));
        }
    }

    private static Tensor[] inputs(Backend device) {
        return new Tensor[] {
            SampleInput.of(3, 5, 4).make(device, 1),
            SampleInput.of(4).make(device, 2),
            SampleInput.of(4).make(device, 3),
            SampleInput.of(3, 5, 4).make(device, 4)
        };
    }
}
