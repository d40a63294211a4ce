package org.reverie.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The lifetime of tensors. Every tensor is allocated in the innermost open scope of its thread and is freed when that
 * scope closes, unless it was handed on by {@link #keep}. Freed memory returns to its device's pool, so a loop whose body
 * opens a scope allocates nothing new once it is warm.
 *
 * <pre>{@code
 * try (Scope step = Scope.open()) {
 *     Tensor y = linear(x, weight, bias);   // freed at the end
 *     result = step.keep(relu(y));          // lives on in the enclosing scope
 * }
 * }</pre>
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Scope> CURRENT = new ThreadLocal<>();

    private final Scope parent;
    private final boolean onStack;
    private final Set<Buffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    private Scope(Scope parent, boolean onStack) {
        this.parent = parent;
        this.onStack = onStack;
    }

    /** Opens a scope inside the current one and makes it current on this thread until it is closed. */
    public static Scope open() {
        Scope s = new Scope(CURRENT.get(), true);
        CURRENT.set(s);
        return s;
    }

    /** A scope that is not on the stack; tensors come into it by {@link #within} or {@link #adopt}. Models live in one. */
    public static Scope detached() {
        return new Scope(null, false);
    }

    /** The innermost open scope of this thread. */
    public static Scope current() {
        Scope s = CURRENT.get();
        if (s == null) {
            throw new IllegalStateException(
                    "no Scope is open on this thread: wrap the work in try (Scope s = Scope.open())");
        }
        return s;
    }

    /** Runs {@code body} in a scope of its own and keeps only its result. */
    public static Tensor local(Supplier<Tensor> body) {
        try (Scope s = open()) {
            return s.keep(body.get());
        }
    }

    /** Runs {@code body} with this scope as the current one. */
    public <T> T within(Supplier<T> body) {
        checkOpen();
        Scope before = CURRENT.get();
        CURRENT.set(this);
        try {
            return body.get();
        } finally {
            CURRENT.set(before);
        }
    }

    /** Hands a tensor to the enclosing scope, if it belongs to this one; it then outlives this scope. Returns it. */
    public Tensor keep(Tensor t) {
        if (t.buffer().owner() == this) {
            if (parent == null) {
                throw new IllegalStateException("there is no enclosing scope to keep the tensor in");
            }
            parent.adopt(t);
        }
        return t;
    }

    /** Takes a tensor over from whichever scope it belongs to. Returns it. */
    public Tensor adopt(Tensor t) {
        Buffer b = t.buffer();
        if (b.owner() != null) {
            b.owner().buffers.remove(b);
        }
        add(b);
        return t;
    }

    /**
     * Frees one tensor before its scope closes. Every view of it is freed too: only for code that knows of no other.
     */
    public static void free(Tensor t) {
        Buffer b = t.buffer();
        if (b.owner() != null) {
            b.owner().buffers.remove(b);
            b.free();
        }
    }

    void add(Buffer b) {
        checkOpen();
        buffers.add(b);
        b.owner(this);
    }

    /** Bytes held by the tensors of this scope. */
    public long bytes() {
        return buffers.stream().mapToLong(Buffer::bytes).sum();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the scope is closed");
        }
    }

    /** Frees everything that still belongs to this scope. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (onStack) {
            if (CURRENT.get() != this) {
                throw new IllegalStateException(
                        "scopes close in the reverse order of their opening, on their own thread");
            }
            CURRENT.set(parent);
        }
        closed = true;
        for (Buffer b : new ArrayList<>(buffers)) {
            b.free();
        }
        buffers.clear();
    }
}
