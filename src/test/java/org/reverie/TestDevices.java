package org.reverie;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;

/** Devices that a machine may have or not. */
public final class TestDevices {
    private TestDevices() {}

    /** Why there is no device of a kind, in the words of {@code reverie devices}; null if there is one. */
    public static String missing(String kind) {
        String first = Devices.providers().stream()
                .filter(p -> p.kind().equals(kind))
                .flatMap(p -> p.list().stream())
                .findFirst()
                .orElseThrow();
        return first.startsWith(kind + ":0") ? null : first;
    }

    /** The name of the first device of a kind; skips the test if there is none. */
    public static String first(String kind) {
        String missing = missing(kind);
        assumeTrue(missing == null, missing);
        return kind + ":0";
    }

    /** The first device of a kind; skips the test if there is none. */
    public static Backend open(String kind) {
        return Devices.open(first(kind), BackendOptions.DEFAULT);
    }
}
