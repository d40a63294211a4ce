package org.reverie.models;

import java.io.BufferedInputStream;
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
 * A network's weights from a file of any format that {@link Weights} reads.
 *
 * @param name where they came from, for messages
 * @param sha256 of the file, in hexadecimal
 * @param tensors by name, as they lie in the file, without a prefix that wrappers put before all names
 */
public record Checkpoint(String name, String sha256, Map<String, HostTensor> tensors) {
    /** What DataParallel and the diffusion wrapper of the Fashion-MNIST checkpoint put before every name. */
    private static final List<String> WRAPPERS = List.of("module.", "network.");

    private static final String EMBEDDED = "procedural-encoder.safetensors";

    public static Checkpoint read(Path file) throws IOException {
        Map<String, HostTensor> tensors = Weights.open(file).tensors();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return new Checkpoint(file.toString(), sha256(in), unwrapped(tensors));
        }
    }

    /** The procedurally pretrained encoder that comes with the program ({@code reverie pretrain} makes the same bits). */
    public static Checkpoint procedural() throws IOException {
        try (InputStream in = Checkpoint.class.getResourceAsStream(EMBEDDED)) {
            if (in == null) {
                throw new IOException("this build carries no pretrained encoder (" + EMBEDDED
                        + "): make one with reverie pretrain and name it with --weights");
            }
            byte[] bytes = in.readAllBytes();
            MemorySegment segment = MemorySegment.ofArray(bytes);
            Map<String, HostTensor> tensors =
                    Weights.open(Source.of(EMBEDDED, segment)).tensors();
            return new Checkpoint(EMBEDDED, sha256(new ByteArrayInputStream(bytes)), tensors);
        }
    }

    private static Map<String, HostTensor> unwrapped(Map<String, HostTensor> tensors) {
        for (String wrapper : WRAPPERS) {
            if (!tensors.isEmpty() && tensors.keySet().stream().allMatch(n -> n.startsWith(wrapper))) {
                Map<String, HostTensor> plain = new LinkedHashMap<>();
                tensors.forEach((n, t) -> plain.put(n.substring(wrapper.length()), t));
                return plain;
            }
        }
        return tensors;
    }

    private static String sha256(InputStream in) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] block = new byte[1 << 16];
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                digest.update(block, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
