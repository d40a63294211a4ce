package org.reverie.diffusion;

import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.device.spec.SamplerStepSpec.Source;
import org.reverie.device.spec.SamplerStepSpec.Term;
import org.reverie.tensor.Tensor;

/**
 * With α = √ᾱ, σ = √(1 − ᾱ), λ = ln(α/σ) and h the change of λ in a step:
 * x′ = σ′/σ·x + α′·(1 − e⁻ʰ)·((1 + 1/2r)·d − 1/2r·d₁), where d is the predicted clean sample, d₁ the one before, and r the
 * previous h divided by h. The first step has no d₁; neither has the last one if it ends without noise, where h is infinite, or
 * if the whole way has fewer than 15 steps, where the extrapolation does harm.
 */
final class DpmSolver2M implements Scheduler.Run {
    private static final int FEW = 15;

    private final NoiseSchedule schedule;
    private final TimeGrid grid;
    private final History samples = new History(1);

    DpmSolver2M(NoiseSchedule schedule, TimeGrid grid) {
        this.schedule = schedule;
        this.grid = grid;
    }

    @Override
    public Tensor step(Tensor x, int i, Scheduler.Evaluation network) {
        double here = schedule.alphaBar(grid.at(i));
        double next = schedule.alphaBar(grid.at(i + 1));
        double inverse = 1 / Math.sqrt(here);
        double h = lambda(next) - lambda(here);
        double ofX = Math.sqrt((1 - next) / (1 - here));
        double ofSample = Math.sqrt(next) * -Math.expm1(-h);
        boolean last = i == grid.size() - 1;
        boolean first = samples.size() == 0;
        Term ofState = new Term(Source.STATE, ofX);
        SamplerStepSpec step;
        if (first || last && (next == 1 || grid.size() < FEW)) {
            step = SamplerStepSpec.to(ofState, new Term(Source.ESTIMATE, ofSample));
        } else {
            double r = (lambda(here) - lambda(schedule.alphaBar(grid.at(i - 1)))) / h;
            double half = 1 / (2 * r);
            step = SamplerStepSpec.to(
                    ofState,
                    new Term(Source.ESTIMATE, ofSample * (1 + half)),
                    new Term(Source.EARLIER_1, -ofSample * half));
        }
        int t = grid.at(i);
        Tensor[] result = network.step(
                step.estimating(
                                new Term(Source.STATE, inverse),
                                new Term(Source.PREDICTION, -Math.sqrt(1 - here) * inverse))
                        .keeping(Source.ESTIMATE),
                x,
                network.predict(x, t),
                t,
                samples.tensors());
        samples.push(result[1]);
        return result[0];
    }

    private static double lambda(double alphaBar) {
        return 0.5 * Math.log(alphaBar / (1 - alphaBar));
    }

    @Override
    public void close() {
        samples.close();
    }
}
