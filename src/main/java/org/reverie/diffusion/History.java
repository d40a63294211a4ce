package org.reverie.diffusion;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The last few tensors of a run, latest first; they outlive the steps that made them. */
final class History implements AutoCloseable {
    private record Entry(Tensor tensor, Scope scope) {}

    private final int capacity;
    private final Deque<Entry> entries = new ArrayDeque<>();

    History(int capacity) {
        this.capacity = capacity;
    }

    /** How many there are. */
    int size() {
        return entries.size();
    }

    /** All of them. */
    List<Tensor> tensors() {
        return entries.stream().map(Entry::tensor).toList();
    }

    /** Takes x over from its scope and forgets the oldest. */
    void push(Tensor x) {
        Scope scope = Scope.detached();
        entries.push(new Entry(scope.adopt(x), scope));
        if (entries.size() > capacity) {
            entries.removeLast().scope.close();
        }
    }

    @Override
    public void close() {
        entries.forEach(e -> e.scope.close());
        entries.clear();
    }
}
