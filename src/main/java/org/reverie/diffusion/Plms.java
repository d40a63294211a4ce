package org.reverie.diffusion;

import org.reverie.device.spec.DdimSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.Tensor;

/**
 * DDIM's update with a noise that is extrapolated from up to three earlier ones by Adams and Bashforth's weights. The first
 * step asks the network at its end too and takes the mean.
 */
final class Plms implements Scheduler.Run {
    private final NoiseSchedule schedule;
    private final TimeGrid grid;
    private final History noises = new History(3);

    Plms(NoiseSchedule schedule, TimeGrid grid) {
        this.schedule = schedule;
        this.grid = grid;
    }

    @Override
    public Tensor step(Tensor x, int i, Scheduler.Evaluation network) {
        Tensor e = network.epsilon(x, grid.at(i));
        Tensor better = switch (noises.size()) {
            // The network knows no time before 0; the noise there is next to the noise at 0.
            case 0 -> sum(e, 0.5, network.epsilon(update(x, e, i), Math.max(0, grid.at(i + 1))), 0.5);
            case 1 -> sum(e, 1.5, noises.get(0), -0.5);
            case 2 -> sum(e, 23 / 12.0, noises.get(0), -16 / 12.0, noises.get(1), 5 / 12.0);
            default ->
                sum(
                        sum(e, 55 / 24.0, noises.get(0), -59 / 24.0, noises.get(1), 37 / 24.0),
                        1,
                        noises.get(2),
                        -9 / 24.0);
        };
        noises.push(e);
        return update(x, better, i);
    }

    private Tensor update(Tensor x, Tensor e, int i) {
        DdimSpec step = Steps.ddim(schedule, Prediction.EPSILON, grid.at(i), grid.at(i + 1), 0);
        return DiffusionOps.ddimStep(x, e, null, step);
    }

    private static Tensor sum(Tensor a, double ofA, Tensor b, double ofB) {
        return DiffusionOps.ddimStep(a, b, null, new DdimSpec(ofA, ofB, 0));
    }

    private static Tensor sum(Tensor a, double ofA, Tensor b, double ofB, Tensor c, double ofC) {
        return DiffusionOps.ddimStep(a, b, c, new DdimSpec(ofA, ofB, ofC));
    }

    @Override
    public void close() {
        noises.close();
    }
}
