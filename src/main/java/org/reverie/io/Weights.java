package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.HostTensor;

/**
 * Named tensors from a file of any format read here. The format is told by the content, never by the file's name.
 *
 * @param format which it was
 * @param tensors in the order of the file; the array of an npy file is called {@code array}
 * @param others names in the file that are no tensors
 */
public record Weights(Format format, Map<String, HostTensor> tensors, List<String> others) {
    /** The formats that {@link #open} tells apart. */
    public enum Format {
        SAFETENSORS("safetensors"),
        PYTORCH_STREAM("PyTorch checkpoint (stream)"),
        PYTORCH_ZIP("PyTorch checkpoint (zip)"),
        NPY("npy"),
        NPZ("npz");

        private final String title;

        Format(String title) {
            this.title = title;
        }

        @Override
        public String toString() {
            return title;
        }
    }

    public Weights {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        others = List.copyOf(others);
    }

    /** @throws FormatException if the content is none of the formats or breaks a rule of the one it is */
    public static Weights open(Path file) throws IOException {
        return open(Source.map(file));
    }

    public static Weights open(Source source) throws FormatException {
        if (source.size() == 0) {
            throw source.bad("", "is empty");
        }
        if (isZip(source)) {
            ZipArchive zip = ZipArchive.open(source);
            boolean torch = zip.entries().keySet().stream().anyMatch(name -> name.endsWith("/data.pkl"));
            return torch
                    ? of(Format.PYTORCH_ZIP, PyTorchCheckpoint.zip(zip))
                    : new Weights(Format.NPZ, Npz.read(zip), List.of());
        }
        if (Npy.begins(source.data())) {
            return new Weights(Format.NPY, Map.of("array", Npy.read(source)), List.of());
        }
        if (PyTorchStream.begins(source)) {
            return of(Format.PYTORCH_STREAM, PyTorchCheckpoint.read(source));
        }
        if (source.size() > 8 && source.data().get(ValueLayout.JAVA_BYTE, 8) == '{') {
            return new Weights(Format.SAFETENSORS, Safetensors.read(source).tensors(), List.of());
        }
        throw source.bad("byte 0", "is none of safetensors, PyTorch checkpoint, npy and npz");
    }

    private static Weights of(Format format, PyTorchCheckpoint checkpoint) throws FormatException {
        StateDict dict = checkpoint.stateDict();
        return new Weights(format, dict.tensors(), dict.others());
    }

    /** Whether the file begins as a zip archive does, be it an empty one. */
    static boolean isZip(Source source) {
        if (source.size() < 4) {
            return false;
        }
        int first = source.data().get(HostTensor.INT, 0);
        return first == 0x04034b50 || first == 0x06054b50;
    }
}
