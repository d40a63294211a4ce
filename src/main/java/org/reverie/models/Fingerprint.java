package org.reverie.models;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/**
 * SHA-256 over tensors, part by part. A tensor counts with its name, dtype, shape and the bytes of its elements, so that
 * equal digests mean equal bits.
 */
public final class Fingerprint {
    private final Map<String, MessageDigest> parts = new LinkedHashMap<>();

    /** Adds a tensor to a part. */
    public void add(String part, String name, Tensor t) {
        add(part, name, t.toHost());
    }

    /** Adds numbers at rest to a part; NaN is refused, for it has no bits of its own that devices could agree on. */
    public void add(String part, String name, HostTensor t) {
        for (long i = 0; i < t.shape().elements(); i++) {
            if (Double.isNaN(t.get(i))) {
                throw new IllegalArgumentException(part + ", " + name + ": element " + i + " is NaN");
            }
        }
        MessageDigest digest = parts.computeIfAbsent(part, _ -> sha256());
        byte[] head = (name + " " + t.dtype() + " " + t.shape() + "\n").getBytes(StandardCharsets.UTF_8);
        digest.update(head);
        digest.update(t.data().asByteBuffer());
    }

    /** Adds tensors numbered by their place in the list; null stands for one that is missing. */
    public void add(String part, String name, List<Tensor> list) {
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) != null) {
                add(part, name + " " + i, list.get(i));
            }
        }
    }

    /** Part name to 64 hex digits, in the order in which the parts began. */
    public Map<String, String> parts() {
        Map<String, String> hex = new LinkedHashMap<>();
        parts.forEach((name, digest) ->
                hex.put(name, HexFormat.of().formatHex(copy(digest).digest())));
        return hex;
    }

    /** 64 hex digits over all parts. */
    public String digest() {
        MessageDigest all = sha256();
        parts().forEach((name, hex) ->
                all.update(ByteBuffer.wrap((name + " " + hex + "\n").getBytes(StandardCharsets.UTF_8))));
        return HexFormat.of().formatHex(all.digest());
    }

    private static MessageDigest copy(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the platform's SHA-256 can be copied", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
