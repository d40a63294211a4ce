package org.reverie.device.opencl;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.reverie.device.kernels.Tiles;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Times the few ways in which a device could run kernels, and keeps the fastest for this run and for later ones. */
final class Tuner {
    private static final List<Integer> GROUPS = List.of(32, 64, 128, 256, 512, 1024);
    private static final int RUNS = 5;
    private static final int NUMBERS = 1 << 20;

    /** Rows, terms and columns of the products that stand for all: for GPUs one that fills them, and one that does not. */
    private static final int[] LARGE = {2048, 1024, 2048};

    private static final int[] SMALL = {128, 720, 1440};

    /** For CPUs, on which a tile never leaves anything idle. */
    private static final int[] MEDIUM = {480, 512, 512};

    private final ClQueue queue;
    private final Device memory;
    private final Map<String, Double> microseconds = new LinkedHashMap<>();

    /** @param memory where tensors lie that the queue computes on */
    Tuner(ClQueue queue, Device memory) {
        this.queue = queue;
        this.memory = memory;
    }

    /** @return what was timed and what was chosen, a line each */
    List<String> tune(TileKind kind) {
        ClDevice device = queue.device();
        Tuning t = Tuning.usual(device);
        int group = fastest(
                "group", GROUPS.stream().filter(g -> g <= device.largestGroup()).toList(), t.group(), this::pass);
        CpuTile cpu = t.cpu();
        TileShape large = t.large();
        TileShape small = t.small();
        if (kind == TileKind.CPU) {
            cpu = fastest("cpu", CpuTile.ALL, cpu, tile -> product(new CpuGemm(queue, () -> tile), MEDIUM));
        } else if (kind == TileKind.GPU) {
            List<TileShape> fitting =
                    TileShape.ALL.stream().filter(s -> s.fits(device)).toList();
            // A CPU takes these tiles only to be compared, and takes long.
            int[] most = device.cpu() ? SMALL : LARGE;
            large = fastest("large", fitting, large, tile -> product(tiles(tile), most));
            small = fastest("small", fitting, small, tile -> product(tiles(tile), SMALL));
        }
        Tuning found = new Tuning(true, group, cpu, large, small);
        queue.tuned(found, microseconds);
        return microseconds.entrySet().stream()
                .map(e -> String.format(
                        Locale.ROOT, "%-24s %12.1f µs%s", e.getKey(), e.getValue(), chosen(found, e.getKey())))
                .toList();
    }

    private Tiles tiles(TileShape tile) {
        return new GpuTiles(queue, (device, rows, columns, matrices) -> tile, Slices.MOST_CHUNKS);
    }

    private static String chosen(Tuning t, String candidate) {
        boolean yes = candidate.equals("group " + t.group())
                || candidate.equals("cpu " + t.cpu())
                || candidate.equals("large " + t.large())
                || candidate.equals("small " + t.small());
        return yes ? "  chosen" : "";
    }

    /** The candidate with the shortest time; a candidate that the driver refuses is none, and without any it is the usual. */
    private <T> T fastest(String what, List<T> candidates, T usual, Function<T, Runnable> work) {
        T best = usual;
        double shortest = Double.POSITIVE_INFINITY;
        for (T c : candidates) {
            try (Scope scope = Scope.open()) {
                double time = time(work.apply(c));
                microseconds.put(what + " " + c, time);
                if (time < shortest) {
                    shortest = time;
                    best = c;
                }
            } catch (IllegalStateException e) {
                // Its registers or local memory do not suffice on this device.
                continue;
            }
        }
        return best;
    }

    /** The shortest of a few runs, after one that builds the program. */
    private double time(Runnable work) {
        double shortest = Double.POSITIVE_INFINITY;
        for (int run = 0; run <= RUNS; run++) {
            long start = System.nanoTime();
            work.run();
            queue.finish();
            if (run > 0) {
                shortest = Math.min(shortest, (System.nanoTime() - start) / 1e3);
            }
        }
        return shortest;
    }

    private Runnable pass(int group) {
        Tensor x = numbers(NUMBERS);
        return () -> queue.launch("pointwise", "activate_all")
                .dense(x)
                .i(x.elements())
                .i(0)
                .groups(Math.ceilDiv(x.elements(), group), group);
    }

    private Runnable product(Tiles tiles, int[] sizes) {
        Tensor a = numbers(sizes[0], sizes[1]);
        Tensor b = numbers(sizes[1], sizes[2]);
        Tensor y = Tensor.empty(memory, DType.F32, Shape.of(sizes[0], sizes[2]));
        return () -> tiles.multiply(a, b, new MatmulSpec(false, false), y);
    }

    /** Numbers between 0 and 1, no two neighbours alike. */
    private Tensor numbers(int... shape) {
        HostTensor host = HostTensor.allocate(DType.F32, Shape.of(shape));
        for (long i = 0; i < host.shape().elements(); i++) {
            host.data().set(HostTensor.FLOAT, 4 * i, (i * 0x9E3779B9L & 0xffff) / 65536f);
        }
        return Tensor.from(memory, host);
    }
}
