package org.reverie.cli;

import java.lang.reflect.InvocationTargetException;

/**
 * Makes the Vector API visible. {@code --add-modules jdk.incubator.vector} would do it too, but then the JVM prints a
 * warning on every start and ignores the archive of its module graph, which doubles the start-up time.
 */
final class VectorModule {
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /**
     * Loads the module unless it is there.
     *
     * @throws IllegalStateException when the runtime has no such module, or does not let us load it
     */
    static void require() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) {
            return;
        }
        try {
            // The JDK's own way to load a system module late; the jar's manifest (Add-Exports) opens it to us.
            Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, NAME);
        } catch (ReflectiveOperationException e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            throw new IllegalStateException(
                    "the Vector API is not loaded: start bin/reverie, or java with --add-modules " + NAME, cause);
        }
    }
}
