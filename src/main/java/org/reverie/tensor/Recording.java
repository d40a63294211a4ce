package org.reverie.tensor;

import java.util.List;

/**
 * Work that a device does over and over on tensors that stay where they are: described by Java code once, and from then on
 * started by the device as a whole where it can do that. New input comes by {@link Device#upload} into the same tensors.
 *
 * <p>The work may depend on nothing but the contents of its input tensors: numbers, shapes and seeds that its code works out
 * stay as they were when it was described. What it uploads is uploaded again; it must not download anything.
 */
public interface Recording extends AutoCloseable {
    /**
     * Does the work and returns its results. They belong to the recording: the next call may overwrite or replace them, and
     * {@link #close} frees them. To be called from one thread.
     */
    List<Tensor> replay();

    /** Whether the next {@link #replay} is one launch on the device. */
    boolean isOneLaunch();

    @Override
    void close();
}
