package org.reverie.device;

import java.util.List;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;

/**
 * A device that computes. It executes one {@link KernelCall} at a time, in order, into tensors that are already
 * allocated; it knows op names and attribute records, and nothing of shape rules, gradients or tapes.
 */
public interface Backend extends Device, AutoCloseable {
    /**
     * Computes the call's outputs. Inputs may be any strided views; outputs are contiguous, or are the inputs themselves
     * where an op works in place. Results are complete for later calls on this device when this returns.
     *
     * @throws MissingKernelException if neither this backend nor its fallback has the op
     */
    void run(KernelCall call);

    /** Computes calls that do not depend on each other, in one go where the device can do that. */
    default void runAll(List<KernelCall> calls) {
        calls.forEach(this::run);
    }

    /**
     * Whether the backend has a kernel of its own for an op on F16 or BF16 tensors, whose bits may differ from those that {@code
     * exact} defines. Where it hasn't, the engine widens the inputs, runs the f32 kernel and rounds (docs/numerics.md, section 9),
     * and {@link #run} gets none.
     */
    default boolean isNative(String op, DType low) {
        return false;
    }

    /**
     * Whether the kernel that {@link #isNative} promises is for this call's shapes and layouts too. Where it isn't, the engine does as
     * if there were none.
     */
    default boolean takes(KernelCall call) {
        return true;
    }

    /** Which kernel would run for an op, in words, for {@code reverie devices} and for tests. */
    String explain(String op);

    /** One line on what the device is: lanes and threads, or the card's name and driver. */
    String description();

    /**
     * Times what this device can choose between, and keeps the fastest for this and later runs.
     *
     * @return what was timed and chosen, a line each; empty if there is nothing to choose
     */
    default List<String> tune() {
        return List.of();
    }

    /** Gives memory that is kept for the next tensors back to the operating system or the driver. */
    void trim();

    /** Counts of what this backend has done since it was opened. */
    MemoryStatistics memory();

    /** Gives threads and memory back. The tensors on it must be gone. */
    @Override
    void close();
}
