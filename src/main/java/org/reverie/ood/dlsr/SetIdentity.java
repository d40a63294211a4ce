package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;

/** Tells sets of images apart, so that cached features are never taken for those of other images. */
public final class SetIdentity {
    private static final int PROBES = 64;

    private SetIdentity() {}

    /**
     * The set's name, its size and a digest of at most {@value #PROBES} images spread over it. That is no proof against
     * someone who changes single images of a set, but it notices another file, split, order or choice.
     */
    public static String of(ImageSet set) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            int probes = Math.min(PROBES, set.size());
            for (int i = 0; i < probes; i++) {
                Image image = set.image((int) ((long) i * set.size() / probes));
                digest.update((image.height() + "x" + image.width() + "\n").getBytes(StandardCharsets.US_ASCII));
                digest.update(image.rgb());
            }
            String hex = HexFormat.of().formatHex(digest.digest(), 0, 16);
            return set.name() + ", " + set.size() + " images, " + hex;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
