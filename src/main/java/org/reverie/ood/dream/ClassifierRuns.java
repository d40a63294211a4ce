package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.io.Safetensors;
import org.reverie.models.Progress;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;

/**
 * Trains and measures the classifiers of an experiment, one on each device at a time. A result lies in a file of its own; those
 * that are there are taken over, so a run that was stopped goes on with the trainings that are missing. Each training is a
 * matter of its seed alone, whatever runs beside it.
 */
final class ClassifierRuns {
    private final DreamPreset preset;
    private final Images plain;
    private final Images seen;
    private final Variant.Material material;
    private final Path folder;
    private final Consumer<String> say;
    private final Progress progress;
    private final long began = System.nanoTime();
    private int trained;
    private int done;

    /**
     * What is trained and measured with.
     *
     * @param disturbed ID test images under disturbances, for their accuracy
     */
    record Images(DreamSplits splits, List<PixelSet> disturbed) {}

    /**
     * @param seen the same images as the generator's autoencoder gives them back; null if no line asks for them
     * @param folder of the results; the weights of the first seed lie beside them
     */
    ClassifierRuns(
            DreamPreset preset,
            Images plain,
            Images seen,
            Variant.Material material,
            Path folder,
            Consumer<String> say,
            Progress progress) {
        this.preset = preset;
        this.plain = plain;
        this.seen = seen;
        this.material = material;
        this.folder = folder;
        this.say = say;
        this.progress = progress;
    }

    private record Job(Variant variant, long seed) {}

    /**
     * Runs what is missing.
     *
     * @param devices one thread works on each
     * @param firstSeed of the seeds, which are as many as the preset says
     */
    List<RunResult> run(List<Variant> variants, List<? extends Device> devices, long firstSeed) throws IOException {
        List<Job> jobs = new ArrayList<>();
        for (int s = 0; s < preset.seeds(); s++) {
            for (Variant v : variants) {
                jobs.add(new Job(v, firstSeed + s));
            }
        }
        RunResult[] results = new RunResult[jobs.size()];
        AtomicInteger next = new AtomicInteger();
        List<Callable<Void>> workers = new ArrayList<>();
        for (Device device : devices) {
            workers.add(() -> {
                boolean good = false;
                try {
                    for (int i = next.getAndIncrement(); i < jobs.size(); i = next.getAndIncrement()) {
                        results[i] = one(device, jobs.get(i), jobs.get(i).seed() == firstSeed, jobs.size());
                    }
                    good = true;
                } finally {
                    if (!good) {
                        next.set(jobs.size()); // what one thread failed at, the others need not go on with
                    }
                }
                return null;
            });
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(devices.size())) {
            for (Future<Void> end : pool.invokeAll(workers)) {
                end.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while training");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException own -> throw own;
                case Error own -> throw own;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
        return Arrays.asList(results);
    }

    private Images images(Variant v) {
        return v.passed() == Variant.Passed.AUTOENCODER_ALL ? seen : plain;
    }

    private RunResult one(Device device, Job job, boolean keep, int jobs) throws IOException {
        Variant v = job.variant();
        String name = v.name() + "-" + job.seed();
        Path file = folder.resolve(name + ".json");
        String own = v + ", " + preset.classifier() + ", "
                + material.identity(v, images(v).splits().train());
        RunResult known = RunResult.read(file, own);
        if (known != null) {
            report(v, known, jobs, false);
            return known;
        }
        long start = System.nanoTime();
        Map<String, HostTensor> weights = train(device, v, job.seed());
        double seconds = (System.nanoTime() - start) / 1e9;
        if (keep) {
            Safetensors.write(folder.resolve(name + ".safetensors"), weights);
        }
        try (Encoder classifier = Encoder.of(device, name, weights)) {
            Images images = images(v);
            RunResult result =
                    RunResult.of(v, job.seed(), classifier, images.splits(), images.disturbed(), own, seconds);
            result.write(file);
            report(v, result, jobs, true);
            return result;
        }
    }

    private Map<String, HostTensor> train(Device device, Variant v, long seed) throws IOException {
        ClassifierConfig config = preset.classifier()
                .withBeta(v.beta())
                .withPassed(
                        material.passed(v.passed()) == null
                                ? 0
                                : preset.classifier().passed());
        PixelSet inliers = v.source() == Variant.Source.INLIERS ? material.inliers() : null;
        PixelSet passed = material.passed(v.passed());
        ClassifierTraining.Material from =
                new ClassifierTraining.Material(images(v).splits().train(), passed, v.outliers(material), inliers);
        try (ClassifierTraining training = new ClassifierTraining(device, from, config, seed)) {
            if (!training.run(null, v.name(), quiet())) {
                throw new CancellationException("the trainings were stopped; the same command goes on");
            }
            return training.weights();
        }
    }

    /** Steps of trainings beside each other would draw over each other; only their end is shown. */
    private Progress quiet() {
        return new Progress() {
            @Override
            public void at(String task, long at, long total, String detail) {}

            @Override
            public boolean cancelled() {
                return progress.cancelled();
            }
        };
    }

    private synchronized void report(Variant v, RunResult r, int jobs, boolean fresh) {
        done++;
        trained += fresh ? 1 : 0;
        progress.at("classifiers", done, jobs, v.name());
        double each = (System.nanoTime() - began) / 1e9 / Math.max(1, trained);
        RunResult.OnSet mean = r.average();
        say.accept(String.format(
                Locale.ROOT,
                "[%d/%d] %s, seed %d: FPR95 %.1f, AUROC %.1f, ID accuracy %.1f (%.0f s; about %.0f min to go)",
                done,
                jobs,
                v.title(),
                r.seed(),
                100 * mean.fpr95(),
                100 * mean.auroc(),
                r.accuracy(),
                r.seconds(),
                each * (jobs - done) / 60));
    }
}
