package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** The readers of {@code org.reverie.io} as fuzz targets, and the command that fuzzes them: {@code READER|all COUNT [SEED]}. */
public final class ReaderFuzz {
    private ReaderFuzz() {}

    public static void main(String[] args) throws IOException {
        Fuzzer.main(args, targets());
    }

    public static List<FuzzTarget> targets() throws IOException {
        return List.of(
                FuzzTarget.of(
                        "safetensors",
                        safetensors(),
                        file -> use(Safetensors.read(file).tensors())),
                FuzzTarget.of("pth-legacy", torch(true), ReaderFuzz::checkpoint),
                FuzzTarget.of("pth-zip", torch(false), ReaderFuzz::checkpoint),
                FuzzTarget.of("npy", npy(), file -> use(Npy.read(file))),
                FuzzTarget.of("npz", npz(), file -> use(Npz.read(file))),
                FuzzTarget.of("npz-array", npy(), ReaderFuzz::array),
                FuzzTarget.of("pth-pickle", List.of(pickle()), ReaderFuzz::pickled),
                FuzzTarget.of("weights", all(), file -> use(Weights.open(file).tensors())));
    }

    /** Walks the whole value, as a program that prints it would, and then looks for the weights in it. */
    private static void checkpoint(Source file) throws FormatException {
        PyTorchCheckpoint read = PyTorchCheckpoint.read(file);
        walk(read.value());
        use(read.stateDict().tensors());
    }

    /** The mutant as an entry with a true CRC-32, so that it is not refused before it is looked at. */
    private static void array(Source mutant) throws FormatException {
        byte[] bytes = mutant.data().toArray(ValueLayout.JAVA_BYTE);
        use(Npz.read(inside(mutant, TorchFiles.zipOf(Map.of("x.npy", bytes), bytes.length % 2 == 0))));
    }

    /** The mutant as the pickle of a checkpoint whose archive and storages are sound. */
    private static void pickled(Source mutant) throws FormatException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("archive/data.pkl", mutant.data().toArray(ValueLayout.JAVA_BYTE));
        entries.put("archive/data/0", new byte[48]);
        entries.put("archive/data/1", new byte[8]);
        checkpoint(inside(mutant, TorchFiles.zipOf(entries, false)));
    }

    private static Source inside(Source mutant, byte[] file) {
        return Source.of(mutant.name(), MemorySegment.ofArray(file), Fuzzer.ALLOWANCE);
    }

    private static byte[] pickle() throws FormatException {
        ZipArchive zip = ZipArchive.open(Source.of("seed", MemorySegment.ofArray(TorchFiles.zip(checkpoint(), false))));
        return zip.content(zip.entries().get("archive/data.pkl"), true).toArray(ValueLayout.JAVA_BYTE);
    }

    private static void walk(Object value) {
        switch (value) {
            case HostTensor tensor -> use(tensor);
            case List<?> list -> list.forEach(ReaderFuzz::walk);
            case Map<?, ?> map -> map.values().forEach(ReaderFuzz::walk);
            case null, default -> {}
        }
    }

    private static void use(Map<String, HostTensor> tensors) {
        tensors.values().forEach(ReaderFuzz::use);
    }

    private static void use(HostTensor tensor) {
        long n = tensor.shape().elements();
        if (n > 0 && Double.isNaN(tensor.get(0) + tensor.get(n / 2) + tensor.get(n - 1))) {
            return; // only the loads matter: they must lie inside the file
        }
    }

    private static List<byte[]> all() throws IOException {
        List<byte[]> seeds = new ArrayList<>(safetensors());
        seeds.addAll(torch(true));
        seeds.addAll(torch(false));
        seeds.addAll(npy());
        seeds.addAll(npz());
        return seeds;
    }

    private static List<byte[]> safetensors() throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            tensors.put("layer." + dtype, filled(dtype, Shape.of(2, 3)));
        }
        tensors.put("empty", filled(DType.F32, Shape.of(0, 4)));
        tensors.put("scalar", filled(DType.F32, Shape.SCALAR));
        return List.of(
                written(file -> Safetensors.write(file, tensors, Map.of("format", "pt"))),
                written(file -> Safetensors.write(file, Map.of("w", filled(DType.F16, Shape.of(5))))),
                written(file -> Safetensors.write(file, Map.of())));
    }

    private static Map<String, Object> checkpoint() {
        HostTensor base = filled(DType.F32, Shape.of(4, 3));
        Map<String, Object> weights = new LinkedHashMap<>();
        weights.put("conv.weight", base);
        weights.put("conv.bias", new TorchFiles.View(base, 2, new int[] {4}, new int[] {3}, true));
        weights.put("bn.t", new TorchFiles.View(base, 0, new int[] {3, 4}, new int[] {1, 3}, false));
        weights.put("bn.num", filled(DType.I64, Shape.SCALAR));
        Map<String, Object> top = new LinkedHashMap<>();
        top.put("state_dict", new TorchFiles.Ordered(weights));
        top.put("epoch", 300L);
        top.put("lr", 0.1);
        top.put("list", List.of(1L, "two", true));
        return top;
    }

    private static List<byte[]> torch(boolean stream) {
        Map<String, Object> top = checkpoint();
        Map<String, HostTensor> every = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            every.put("t" + dtype, filled(dtype, Shape.of(2, 2)));
        }
        return stream
                ? List.of(TorchFiles.stream(top), TorchFiles.stream(every))
                : List.of(TorchFiles.zip(top, false), TorchFiles.zip(every, false), TorchFiles.zip(top, true));
    }

    private static List<byte[]> npy() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (DType dtype : DType.values()) {
            if (dtype != DType.BF16) {
                seeds.add(written(file -> Npy.write(file, filled(dtype, Shape.of(2, 3, 2)))));
            }
        }
        byte[] fortran = seeds.getFirst().clone();
        int at = new String(fortran, StandardCharsets.ISO_8859_1).indexOf("False");
        System.arraycopy(IoAssertions.bytes("True "), 0, fortran, at, 5);
        seeds.add(fortran);
        return seeds;
    }

    private static List<byte[]> npz() throws IOException {
        Map<String, HostTensor> arrays = new LinkedHashMap<>();
        arrays.put("x", filled(DType.F32, Shape.of(3, 4)));
        arrays.put("labels", filled(DType.I64, Shape.of(3)));
        return List.of(written(file -> Npz.write(file, arrays, false)), written(file -> Npz.write(file, arrays, true)));
    }

    private static HostTensor filled(DType dtype, Shape shape) {
        HostTensor tensor = HostTensor.allocate(dtype, shape);
        for (long i = 0; i < tensor.data().byteSize(); i++) {
            tensor.data().set(ValueLayout.JAVA_BYTE, i, (byte) (i * 29 + 3));
        }
        return tensor;
    }

    @FunctionalInterface
    private interface Writer {
        void write(Path file) throws IOException;
    }

    private static byte[] written(Writer writer) throws IOException {
        Path file = Files.createTempFile("seed", ".bin");
        try {
            writer.write(file);
            return Files.readAllBytes(file);
        } finally {
            Files.delete(file);
        }
    }
}
