package org.reverie.device.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * Defines the kernel classes once per vector width. In each copy {@code Lanes.F} is a static final species of that
 * width, so the JIT sees a constant and the same source runs at 128, 256 and 512 bits in one JVM.
 */
public final class LaneLoader extends ClassLoader {
    static final String KERNELS = "org.reverie.device.cpu.kernel.";

    private final int bits;

    public LaneLoader(int bits) {
        super("lanes-" + bits, LaneLoader.class.getClassLoader());
        this.bits = bits;
    }

    /** Vector width in bits of the classes that this loader defines. */
    public int bits() {
        return bits;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(KERNELS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> c = findLoadedClass(name);
            return c != null ? c : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] code = in.readAllBytes();
            return defineClass(name, code, 0, code.length);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the class " + name, e);
        }
    }
}
