package org.reverie.device.cpu;

/** What tests see of the vector functions of one width; the implementation is loaded by a {@link LaneLoader}. */
public interface MathProbe {
    /** The widths that the engine has kernels for. */
    int[] WIDTHS = {128, 256, 512};

    /** Applies a unary function by name to n floats; n is a multiple of 16. */
    void unary(String name, float[] x, float[] y, int n);

    /** xʸ of n pairs; n is a multiple of 16. */
    void pow(float[] x, float[] y, float[] result, int n);

    /** Uniform (or, if asked, normal) numbers [from, to) of a stream to an address. */
    void random(boolean normal, long seed, long stream, long from, long to, long address);

    /** Nanoseconds of processor time per float of {@code rounds} passes of a function over n floats. */
    double nanosPerFloat(String name, int n, int rounds);

    /** The probe of a width. */
    static MathProbe of(int bits) {
        try {
            return (MathProbe) new LaneLoader(bits)
                    .loadClass("org.reverie.device.cpu.kernel.VectorMathProbe")
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no vector functions of " + bits + " bits", e);
        }
    }
}
