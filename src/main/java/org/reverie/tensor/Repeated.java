package org.reverie.tensor;

import java.util.List;
import java.util.function.Function;

/** Work on one batch after another, all of one shape: on a device that can, one launch to a batch ({@link Recording}). */
public final class Repeated implements AutoCloseable {
    private final Scope scope = Scope.detached();
    private final List<Tensor> inputs;
    private final Recording recording;

    /**
     * @param inputs what a batch consists of
     * @param work what to make of a batch; depends on nothing else
     */
    public Repeated(Device device, List<TensorSpec> inputs, Function<List<Tensor>, List<Tensor>> work) {
        this.inputs = scope.within(() -> inputs.stream()
                .map(s -> Tensor.empty(device, s.dtype(), s.shape()))
                .toList());
        recording = device.record(() -> work.apply(this.inputs));
    }

    /** The results for a batch, which the next call may overwrite. */
    public List<Tensor> apply(HostTensor... batch) {
        for (int i = 0; i < batch.length; i++) {
            Tensor input = inputs.get(i);
            input.device().upload(batch[i].data(), input.buffer(), 0);
        }
        return recording.replay();
    }

    /** Whether the next batch is one launch on the device, in which no code runs. */
    public boolean isOneLaunch() {
        return recording.isOneLaunch();
    }

    @Override
    public void close() {
        recording.close();
        scope.close();
    }
}
