package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.TestDevices;
import org.reverie.device.BackendOptions;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.diffusion.Scheduler;
import org.reverie.diffusion.TimeGrid;
import org.reverie.models.FashionSamples;
import org.reverie.models.FashionUNet;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.Denoiser;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.Reconstruction;
import org.reverie.random.Philox;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Loops over the steps of a diffusion process are enqueued from end to end: the host neither reads nor waits in them. */
final class EnqueuedLoopsTest {
    private static final NoiseSchedule SCHEDULE = NoiseSchedule.sqrtLinear(60, 0.0015, 0.0195);
    private static final LfdnConfig SIZE = new LfdnConfig(24, 40, 8, 2);

    private OpenClBackend device;
    private Scope scope;
    private Lfdn network;

    @BeforeEach
    void open() {
        TestDevices.first("opencl");
        device = (OpenClBackend) new OpenClProvider().open(0, BackendOptions.DEFAULT, null);
        scope = Scope.open();
        network = new Lfdn(new Initializer(device, 1), SIZE);
    }

    @AfterEach
    void close() {
        if (device != null) {
            scope.close();
            device.close();
        }
    }

    /** A loop from noise to samples. */
    private interface Loop {
        Tensor run(Sampler sampler, Tensor start);
    }

    /** After the last step of a loop the host has waited as often as after the first. */
    private void neverWaits(int steps, Sampler sampler, Shape shape, Loop loop) {
        List<Long> waits = new ArrayList<>();
        Sampler watched = sampler.withProgress((done, total) -> waits.add(device.waits()));
        Tensor end = loop.run(watched, watched.start(device, shape));
        assertEquals(steps, waits.size());
        assertEquals(1, waits.stream().distinct().count(), waits::toString);
        end.toFloats();
        assertTrue(device.waits() > waits.getLast(), "reading waits");
    }

    private Sampler sampler(Prediction prediction) {
        return new Sampler(SCHEDULE, network::apply, prediction, 5);
    }

    @ParameterizedTest
    @EnumSource(Prediction.class)
    void ancestralSampling(Prediction prediction) {
        neverWaits(60, sampler(prediction), Shape.of(17, 24), Sampler::ddpm);
    }

    /** With more time steps than go along with one command. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void ddim(double eta) {
        neverWaits(20, sampler(Prediction.X0), Shape.of(250, 24), (s, x) -> s.ddim(x, 20, eta));
    }

    @Test
    void methodsThatRememberEarlierSteps() {
        TimeGrid grid = TimeGrid.even(SCHEDULE, 12);
        for (Scheduler method : new Scheduler[] {Scheduler.plms(), Scheduler.dpmSolver2M(), Scheduler.ddpm()}) {
            neverWaits(grid.size(), sampler(Prediction.EPSILON), Shape.of(2, 24), (s, x) -> s.sample(x, method, grid));
        }
    }

    /** Convolutions, embeddings whose indices are checked, and norms over whole images. */
    @Test
    void picturesOfClothes() {
        FashionUNet unet = new FashionUNet(new Initializer(device, 1));
        Sampler sampler = new Sampler(FashionSamples.SCHEDULE, unet::apply, Prediction.EPSILON, 5);
        neverWaits(3, sampler, Shape.of(1, 28, 28, 1), (s, x) -> s.ddim(x, 3, 1));
    }

    /** DLSR's reconstructions, from the first call of the network to the last of a batch. */
    @ParameterizedTest
    @EnumSource(Reconstruction.Mode.class)
    void scoring(Reconstruction.Mode mode) {
        List<Long> waits = new ArrayList<>();
        Reconstruction how = new Reconstruction(mode, 30, 30, true);
        Denoiser.Network counted = (x, t) -> {
            waits.add(device.waits());
            return network.apply(x, t);
        };
        float[] rows = new float[50 * 24];
        Philox.fillNormal(1, 2, 0, rows);
        float[] result = new Denoiser(device, counted, 24, how, 3).reconstruct(rows, Progress.NONE);
        assertEquals(rows.length, result.length);
        assertEquals(mode == Reconstruction.Mode.FAST ? 1 : 30, waits.size());
        assertEquals(1, waits.stream().distinct().count(), waits::toString);
        assertTrue(device.waits() > waits.getLast(), "reading the reconstruction waits");
    }
}
