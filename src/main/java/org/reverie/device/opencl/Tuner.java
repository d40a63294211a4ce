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
    private static final int ROUNDS = 25;

    /** A candidate takes the usual one's place only if it needs so much less of the time. */
    private static final double MARGIN = 0.03;

    private static final int NUMBERS = 1 << 20;

    /** Rows, terms and columns of the products that stand for all: for GPUs one that fills them, and one that does not. */
    private static final int[] LARGE = {2048, 1024, 2048};

    private static final int[] SMALL = {128, 720, 1440};

    /** For CPUs, on which a tile never leaves anything idle. */
    private static final int[] MEDIUM = {120, 512, 512};

    private final ClQueue queue;
    private final Device memory;
    private final Map<String, Double> microseconds = new LinkedHashMap<>();

    /** @param memory where tensors lie that the queue computes on */
    Tuner(ClQueue queue, Device memory) {
        this.queue = queue;
        this.memory = memory;
    }

    /** @return what was timed and what was chosen, a line each */
    List<String> tune() {
        Tuning found;
        try (Scope scope = Scope.open()) {
            found = choose(queue.kind(), queue.device(), Tuning.usual(queue.device()));
        }
        queue.tuned(found, microseconds);
        return microseconds.entrySet().stream()
                .map(e -> String.format(
                        Locale.ROOT, "%-24s %12.1f µs%s", e.getKey(), e.getValue(), chosen(found, e.getKey())))
                .toList();
    }

    private Tuning choose(TileKind kind, ClDevice device, Tuning usual) {
        Tensor x = numbers(NUMBERS);
        List<Integer> groups =
                GROUPS.stream().filter(g -> g <= device.largestGroup()).toList();
        int group = fastest("group", groups, usual.group(), g -> pass(x, g));
        CpuTile cpu = usual.cpu();
        TileShape large = usual.large();
        TileShape small = usual.small();
        if (kind == TileKind.CPU) {
            Function<Tiles, Runnable> work = product(MEDIUM);
            cpu = fastest("cpu", CpuTile.ALL, cpu, t -> work.apply(new CpuGemm(queue, () -> t)));
        } else if (kind == TileKind.GPU) {
            List<TileShape> fitting =
                    TileShape.ALL.stream().filter(s -> s.fits(device)).toList();
            Function<Tiles, Runnable> least = product(SMALL);
            // A CPU takes these tiles only to be compared, and takes long.
            Function<Tiles, Runnable> most = device.cpu() ? least : product(LARGE);
            large = fastest("large", fitting, large, t -> most.apply(tiles(t)));
            small = fastest("small", fitting, small, t -> least.apply(tiles(t)));
        }
        return new Tuning(true, group, cpu, large, small);
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

    /**
     * The candidate whose shortest run is the shortest of all. They take turns, so that a machine that is busy for a while is so
     * for all of them. One that the driver refuses is no candidate; without any it is the usual.
     */
    private <T> T fastest(String what, List<T> candidates, T usual, Function<T, Runnable> work) {
        Map<T, Runnable> ready = new LinkedHashMap<>();
        Map<T, Double> shortest = new LinkedHashMap<>();
        for (T c : candidates) {
            Runnable run = work.apply(c);
            try {
                time(run); // builds the program
                ready.put(c, run);
            } catch (IllegalStateException | OutOfMemoryError e) {
                // Its registers or local memory do not suffice on this device.
                continue;
            }
        }
        for (int round = 0; round < ROUNDS; round++) {
            ready.forEach((c, run) -> shortest.merge(c, time(run), Math::min));
        }
        T best = usual;
        double limit = (1 - MARGIN) * shortest.getOrDefault(usual, Double.POSITIVE_INFINITY);
        for (Map.Entry<T, Double> e : shortest.entrySet()) {
            microseconds.put(what + " " + e.getKey(), e.getValue());
            if (e.getValue() < limit) {
                best = e.getKey();
                limit = e.getValue();
            }
        }
        return best;
    }

    private double time(Runnable work) {
        long start = System.nanoTime();
        work.run();
        queue.finish();
        return (System.nanoTime() - start) / 1e3;
    }

    private Runnable pass(Tensor x, int group) {
        return () -> queue.launch("pointwise", "activate_all")
                .dense(x)
                .i(x.elements())
                .i(0)
                .groups(Math.ceilDiv(x.elements(), group), group);
    }

    /** Products of matrices of these rows, terms and columns, by any tiles. */
    private Function<Tiles, Runnable> product(int[] sizes) {
        Tensor a = numbers(sizes[0], sizes[1]);
        Tensor b = numbers(sizes[1], sizes[2]);
        Tensor y = Tensor.empty(memory, DType.F32, Shape.of(sizes[0], sizes[2]));
        return tiles -> () -> tiles.multiply(a, b, new MatmulSpec(false, false), y);
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
