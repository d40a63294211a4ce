package org.reverie.diffusion;

import java.util.List;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.device.spec.SamplerStepSpec.Source;
import org.reverie.device.spec.SamplerStepSpec.Term;
import org.reverie.tensor.Tensor;

/**
 * DDIM's update with a noise that is extrapolated from up to three earlier ones by Adams and Bashforth's weights. The first
 * step asks the network at its end too and takes the mean.
 */
final class Plms implements Scheduler.Run {
    /** Of the noise and of one, two and three earlier ones. */
    private static final Term[][] WEIGHTS = {
        {new Term(Source.PREDICTION, 1.5), new Term(Source.EARLIER_1, -0.5)},
        {
            new Term(Source.PREDICTION, 23 / 12.0),
            new Term(Source.EARLIER_1, -16 / 12.0),
            new Term(Source.EARLIER_2, 5 / 12.0)
        },
        {
            new Term(Source.PREDICTION, 55 / 24.0),
            new Term(Source.EARLIER_1, -59 / 24.0),
            new Term(Source.EARLIER_2, 37 / 24.0),
            new Term(Source.EARLIER_3, -9 / 24.0)
        }
    };

    private final NoiseSchedule schedule;
    private final TimeGrid grid;
    private final History noises = new History(3);

    Plms(NoiseSchedule schedule, TimeGrid grid) {
        this.schedule = schedule;
        this.grid = grid;
    }

    @Override
    public Tensor step(Tensor x, int i, Scheduler.Evaluation network) {
        int t = grid.at(i);
        Tensor prediction = network.predict(x, t);
        if (noises.size() == 0) {
            DdimSpec update = update(i);
            Tensor[] tried =
                    network.step(SamplerStepSpec.of(update).keeping(Source.PREDICTION), x, prediction, t, List.of());
            noises.push(tried[1]);
            // The network knows no time before 0; the noise there is next to the noise at 0.
            Tensor atEnd = network.predict(tried[0], Math.max(0, grid.at(i + 1)));
            SamplerStepSpec mean = along(update, new Term(Source.EARLIER_1, 0.5), new Term(Source.PREDICTION, 0.5));
            return network.step(mean, x, atEnd, t, noises.tensors())[0];
        }
        SamplerStepSpec step = along(update(i), WEIGHTS[noises.size() - 1]).keeping(Source.PREDICTION);
        Tensor[] next = network.step(step, x, prediction, t, noises.tensors());
        noises.push(next[1]);
        return next[0];
    }

    private DdimSpec update(int i) {
        return Steps.ddim(schedule, Prediction.EPSILON, grid.at(i), grid.at(i + 1), 0);
    }

    /** DDIM's update with an estimate of the noise. */
    private static SamplerStepSpec along(DdimSpec update, Term... noise) {
        return SamplerStepSpec.to(
                        new Term(Source.STATE, update.signal()), new Term(Source.ESTIMATE, update.prediction()))
                .estimating(noise);
    }

    @Override
    public void close() {
        noises.close();
    }
}
