package org.reverie.device;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** Opens backends by name. */
public final class Devices {
    /** The kind that is the specification, and runs what no other backend has. */
    public static final String REFERENCE = "reference";

    private Devices() {}

    public static List<BackendProvider> providers() {
        List<BackendProvider> all = new ArrayList<>();
        ServiceLoader.load(BackendProvider.class, Devices.class.getClassLoader())
                .forEach(all::add);
        return all;
    }

    /** Opens {@code reference}, {@code cpu}, or another kind with an optional index such as {@code opencl:0}. */
    public static Backend open(String name, BackendOptions options) {
        int colon = name.indexOf(':');
        String kind = colon < 0 ? name : name.substring(0, colon);
        int index = 0;
        if (colon >= 0) {
            try {
                index = Integer.parseInt(name.substring(colon + 1));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("the device " + name + " must end in a number after the colon");
            }
        }
        Backend fallback = kind.equals(REFERENCE) ? null : provider(REFERENCE).open(0, options, null);
        return provider(kind).open(index, options, fallback);
    }

    private static BackendProvider provider(String kind) {
        List<String> known = new ArrayList<>();
        for (BackendProvider p : providers()) {
            if (p.kind().equals(kind)) {
                return p;
            }
            known.add(p.kind());
        }
        throw new IllegalArgumentException("no device is called " + kind + "; there are " + String.join(", ", known));
    }
}
