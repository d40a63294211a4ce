package org.reverie.cli;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.models.Inference;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Puts the outputs of batches together, for a file. */
final class Predictions implements Inference.Sink {
    private final int images;
    private final boolean kept;
    private final Map<String, HostTensor> tensors = new LinkedHashMap<>();

    /**
     * @param images in all batches together
     * @param kept false forgets everything
     */
    Predictions(int images, boolean kept) {
        this.images = images;
        this.kept = kept;
    }

    @Override
    public void accept(int first, int count, Map<String, HostTensor> outputs) {
        if (!kept) {
            return;
        }
        outputs.forEach((name, part) -> {
            HostTensor all = tensors.computeIfAbsent(
                    name, _ -> HostTensor.allocate(part.dtype(), part.shape().with(0, images)));
            long bytes = part.data().byteSize() / count;
            MemorySegment.copy(part.data(), 0, all.data(), first * bytes, count * bytes);
        });
    }

    /** Name to the outputs of all images. */
    Map<String, HostTensor> tensors() {
        return tensors;
    }

    /** The first rows of a tensor, or all if there are fewer. */
    static HostTensor first(HostTensor t, int rows) {
        Shape shape = t.shape();
        int n = Math.min(rows, shape.dim(0));
        long bytes = n == 0 ? 0 : t.data().byteSize() / shape.dim(0) * n;
        return new HostTensor(t.dtype(), shape.with(0, n), t.data().asSlice(0, bytes));
    }
}
