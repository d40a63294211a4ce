package org.reverie.tensor;

/** A block of a device's memory. It belongs to one {@link Scope} at a time, which gives it back when it closes. */
public abstract class Buffer {
    private final Device device;
    private final long bytes;
    private Scope owner;
    private boolean live = true;
    private boolean frozen;

    protected Buffer(Device device, long bytes) {
        this.device = device;
        this.bytes = bytes;
    }

    public final Device device() {
        return device;
    }

    public final long bytes() {
        return bytes;
    }

    /** False once its scope has closed; its memory may then be somebody else's. */
    public final boolean isLive() {
        return live;
    }

    /**
     * Promises that the contents stay as they are, for example weights that are used and not trained: the device may then keep
     * what it derives from them. Updates in place and uploads are refused from now on.
     */
    public final void freeze() {
        frozen = true;
    }

    public final boolean isFrozen() {
        return frozen;
    }

    /** Gives the memory back to the device, which may keep it for the next allocation. */
    protected abstract void release();

    final Scope owner() {
        return owner;
    }

    final void owner(Scope scope) {
        owner = scope;
    }

    final void free() {
        live = false;
        owner = null;
        release();
    }
}
