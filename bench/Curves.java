package org.reverie.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The curves of {@link ScaleBench}: images a second and peak memory against the batch and against the image's side. */
final class Curves {
    private static final double MIB = 1 << 20;

    private Curves() {}

    /** Whether there is anything to draw. */
    static boolean in(Results results) {
        return !points(results, "batches").isEmpty()
                && !points(results, "sides").isEmpty();
    }

    /** Writes the four charts as PNG files and returns their names. */
    static List<String> draw(Results results, Path folder) throws IOException {
        List<Result> batches = points(results, "batches");
        List<Result> sides = points(results, "sides");
        List<String> files = new ArrayList<>();
        files.add(chart(folder, "scale-batch", "Throughput, 224×224", "batch", "images/s", batches, Curves::speed));
        files.add(chart(folder, "scale-batch-memory", "Peak memory, 224×224", "batch", "MiB", batches, Curves::memory));
        files.add(chart(folder, "scale-side", "Throughput, batch 8", "side", "images/s", sides, Curves::speed));
        files.add(chart(folder, "scale-side-memory", "Peak memory, batch 8", "side", "MiB", sides, Curves::memory));
        return files;
    }

    private static List<Result> points(Results results, String method) {
        return results.all().stream()
                .filter(r -> r.group().equals("ScaleBench") && r.method().equals(method))
                .filter(r -> r.engine().equals(Contest.REVERIE))
                .sorted(Comparator.comparingInt(Curves::size))
                .toList();
    }

    private static String chart(
            Path folder,
            String name,
            String title,
            String x,
            String y,
            List<Result> points,
            ToDoubleFunction<Result> of)
            throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(560)
                .height(340)
                .title("MobileNetV2: " + title)
                .xAxisTitle(x)
                .yAxisTitle(y)
                .build();
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setYAxisMin(0.0);
        TreeMap<Integer, List<Result>> byThreads = new TreeMap<>();
        points.forEach(r ->
                byThreads.computeIfAbsent(r.threads(), t -> new ArrayList<>()).add(r));
        byThreads.forEach((threads, list) -> chart.addSeries(
                        threads == 1 ? "1 thread" : threads + " threads",
                        list.stream().mapToDouble(Curves::size).toArray(),
                        list.stream().mapToDouble(of).toArray())
                .setMarker(SeriesMarkers.CIRCLE));
        BitmapEncoder.saveBitmap(chart, folder.resolve(name + ".png").toString(), BitmapFormat.PNG);
        return name + ".png";
    }

    private static int size(Result r) {
        String batch = r.parameters().get("batch");
        return Integer.parseInt(batch == null ? r.parameters().get("side") : batch);
    }

    private static double speed(Result r) {
        int images = r.batch() > 0 ? r.batch() : ScaleBench.BATCH_OF_SIDES;
        return images * 1e9 / r.nanos();
    }

    private static double memory(Result r) {
        return r.perRun("memory") / MIB;
    }
}
