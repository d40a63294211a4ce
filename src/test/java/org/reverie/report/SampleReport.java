package org.reverie.report;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.report.ReportInput.Gallery;
import org.reverie.report.ReportInput.ScoredImage;

/** A report over drawn numbers and drawn pictures, with the shape of a real one. */
final class SampleReport {
    static final List<String> SETS = List.of("mnist", "kmnist", "fashion-mnist", "omniglot", "dtd-32", "tiny-imagenet");
    static final int IMAGES_PER_END = 12;
    private static final double[] DISTANCE = {3.6, 3.2, 3.4, 4.5, 2.4, 1.5};

    private SampleReport() {}

    static ReportInput input() {
        Random random = new Random(20);
        List<ScoredSet> sets = new ArrayList<>();
        Map<String, Gallery> galleries = new LinkedHashMap<>();
        ScoredSet id = set("cifar10", 1000, 0, random);
        galleries.put(id.name(), gallery(id, 7, random));
        for (int i = 0; i < SETS.size(); i++) {
            ScoredSet set = set(SETS.get(i), 800 + 200 * i, DISTANCE[i], random);
            sets.add(set);
            galleries.put(set.name(), gallery(set, i, random));
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("ID data", "cifar10: 10,000 training images, 1,000 test images");
        settings.put("encoder", "mobilenet_v2_1.0, 224 x 224");
        settings.put("taps", "conv02, add09, add20, add46, conv60 (global averages, 512 features)");
        settings.put("denoiser", "width 512, 6 blocks, 60 epochs, batch 128, AdamW 1e-4");
        settings.put("mode", "fast, t = 5, no noise");
        settings.put("device", "cpu, 512-bit lanes, 2 threads");
        settings.put("seed", "0");
        Evaluation evaluation =
                new Evaluation(id, sets, settings, "9f2b61c05d7e4a3384b0c1fd52e69a7713d0ce885f64b29a01e7d3c6ab58f420");
        return new ReportInput(
                "CIFAR-10 against six other worlds",
                "A network that learned to rebuild the features of ten thousand CIFAR-10 pictures is shown digits,"
                        + " letters, clothes, textures and other photographs, and has to notice.",
                evaluation,
                "mfsim",
                galleries,
                "reverie eval --model runs/cifar10 --id cifar10 \\\n"
                        + "    --ood mnist,kmnist,fashion-mnist,omniglot,dtd-32,tiny-imagenet \\\n"
                        + "    --json eval.json --report report.html",
                Instant.parse("2026-03-14T15:09:26Z"));
    }

    private static ScoredSet set(String name, int images, double distance, Random random) {
        Map<String, float[]> scores = new LinkedHashMap<>();
        scores.put("mfsim", new float[images]);
        scores.put("mse", new float[images]);
        scores.put("lr", new float[images]);
        scores.put("mahalanobis", new float[images]);
        scores.put("knn", new float[images]);
        for (int i = 0; i < images; i++) {
            double shared = random.nextGaussian();
            double step = distance * (0.8 + 0.4 * random.nextDouble());
            scores.get("mfsim")[i] = (float) (-0.93 + 0.018 * (step + shared));
            scores.get("mse")[i] =
                    (float) (74 * Math.exp(0.16 * (0.92 * step + 0.6 * shared + 0.8 * random.nextGaussian())));
            scores.get("lr")[i] = (float) (0.85 * step + 0.5 * shared + 0.85 * random.nextGaussian());
            scores.get("mahalanobis")[i] =
                    (float) (21 + 2.1 * (1.01 * step + 0.7 * shared + 0.7 * random.nextGaussian()));
            scores.get("knn")[i] = (float) (0.52 + 0.05 * (0.85 * step + 0.7 * shared + 0.7 * random.nextGaussian()));
        }
        return new ScoredSet(name, scores);
    }

    private static Gallery gallery(ScoredSet set, int kind, Random random) {
        float[] sorted = set.scores().get("mfsim").clone();
        Arrays.sort(sorted);
        List<ScoredImage> most = new ArrayList<>();
        List<ScoredImage> least = new ArrayList<>();
        for (int i = 0; i < IMAGES_PER_END; i++) {
            most.add(image(kind, random, sorted[i], "test image " + i));
            least.add(image(kind, random, sorted[sorted.length - 1 - i], "test image " + (100 + i)));
        }
        return new Gallery(most, least);
    }

    /** Stripes, rings and blobs in the colours of their set; every other one of the last set is large. */
    private static ScoredImage image(int kind, Random random, float score, String caption) {
        int side = kind == 5 && random.nextBoolean() ? 500 : 32;
        byte[] rgb = new byte[3 * side * side];
        double angle = random.nextDouble() * Math.PI;
        double frequency = 4 + 10 * random.nextDouble();
        double cx = random.nextDouble();
        double cy = random.nextDouble();
        float[][] ends = {colour(random, kind < 4), colour(random, kind < 4)};
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double u = (double) x / side;
                double v = (double) y / side;
                double field = switch (kind % 3) {
                    case 0 -> Math.sin(frequency * (u * Math.cos(angle) + v * Math.sin(angle)));
                    case 1 -> Math.sin(2 * frequency * Math.hypot(u - cx, v - cy));
                    default -> 1 - 2.5 * Math.hypot(u - cx, v - cy);
                };
                for (int c = 0; c < 3; c++) {
                    double mix = (1 + Math.clamp(field, -1, 1)) / 2;
                    rgb[3 * (y * side + x) + c] = (byte) (255 * (mix * ends[0][c] + (1 - mix) * ends[1][c]));
                }
            }
        }
        return new ScoredImage(rgb, side, side, score, caption);
    }

    private static float[] colour(Random random, boolean grey) {
        float r = random.nextFloat();
        return grey ? new float[] {r, r, r} : new float[] {r, random.nextFloat(), random.nextFloat()};
    }
}
