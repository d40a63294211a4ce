package org.reverie.models;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.io.Source;
import org.reverie.io.Weights;
import org.reverie.tensor.HostTensor;

/**
 * A file of weights, ready to be loaded into a network.
 *
 * @param source the file's name, for messages
 * @param sha256 of the whole file, 64 hex digits; it identifies the weights
 * @param tensors by the names that the networks use
 */
public record WeightsFile(String source, String sha256, Map<String, HostTensor> tensors) {
    /** What training programs wrap a model in: DataParallel, and the noise predictor of a diffusion model. */
    private static final List<String> WRAPPERS = List.of("module.", "network.");

    private static final String EMBEDDED = "procedural-encoder.safetensors";

    /** Opens a file of any format of {@link Weights}; a wrapper's name before all tensor names is taken off. */
    public static WeightsFile open(Path file) throws IOException {
        Map<String, HostTensor> tensors = Weights.open(file).tensors();
        for (String wrapper : WRAPPERS) {
            tensors = withoutPrefix(tensors, wrapper);
        }
        try (InputStream in = Files.newInputStream(file)) {
            return new WeightsFile(file.toString(), sha256(in), tensors);
        }
    }

    /** The procedurally pretrained encoder that comes with the program; {@code reverie pretrain} makes the same bits. */
    public static WeightsFile procedural() throws IOException {
        try (InputStream in = WeightsFile.class.getResourceAsStream(EMBEDDED)) {
            if (in == null) {
                throw new IOException("this build carries no pretrained encoder (" + EMBEDDED
                        + "): make one with reverie pretrain and name it with --weights");
            }
            byte[] bytes = in.readAllBytes();
            Map<String, HostTensor> tensors = Weights.open(Source.of(EMBEDDED, MemorySegment.ofArray(bytes)))
                    .tensors();
            return new WeightsFile(EMBEDDED, sha256(new ByteArrayInputStream(bytes)), tensors);
        }
    }

    private static Map<String, HostTensor> withoutPrefix(Map<String, HostTensor> tensors, String prefix) {
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
            return tensors;
        }
        Map<String, HostTensor> out = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> out.put(name.substring(prefix.length()), tensor));
        return out;
    }

    private static String sha256(InputStream in) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
