package org.reverie.ood.dlsr;

import java.util.List;
import java.util.function.Function;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Work on one batch after another, all of one shape: on a device that can, one launch to a batch ({@link Recording}). */
final class Repeated implements AutoCloseable {
    private final Scope scope = Scope.detached();
    private final Tensor input;
    private final Recording recording;

    /** @param work what to make of a batch; depends on nothing else */
    Repeated(Device device, Shape shape, Function<Tensor, List<Tensor>> work) {
        input = scope.within(() -> Tensor.empty(device, DType.F32, shape));
        recording = device.record(() -> work.apply(input));
    }

    /** The results for a batch, which the next call may overwrite. */
    List<Tensor> apply(float[] numbers) {
        HostTensor batch = HostTensor.of(input.shape(), numbers);
        input.device().upload(batch.data(), input.buffer(), 0);
        return recording.replay();
    }

    @Override
    public void close() {
        recording.close();
        scope.close();
    }
}
