package org.reverie.device.kernels;

import org.reverie.device.Backend;
import org.reverie.device.KernelCall;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Runs calls on a backend in host memory: inputs are downloaded, outputs uploaded. */
public final class HostFallback implements AutoCloseable {
    private final Backend host;

    public HostFallback(Backend host) {
        this.host = host;
    }

    public String explain(String op) {
        return host.explain(op);
    }

    public void run(KernelCall call) {
        try (Scope scope = Scope.open()) {
            Tensor[] inputs = new Tensor[call.inputs().length];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = call.in(i) == null ? null : call.in(i).to(host);
            }
            Tensor[] outputs = new Tensor[call.outputs().length];
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = twin(call, i, inputs);
            }
            host.run(new KernelCall(call.op(), call.attributes(), inputs, outputs));
            for (int i = 0; i < outputs.length; i++) {
                HostTensor result = outputs[i].toHost();
                Tensor target = call.out(i);
                target.device()
                        .upload(
                                result.data(),
                                target.buffer(),
                                target.offset() * target.dtype().bytes());
            }
        }
    }

    /** The output's place on the host: that of the input it overwrites, if the op works in place, else a new one. */
    private Tensor twin(KernelCall call, int output, Tensor[] inputs) {
        Tensor target = call.out(output);
        for (int i = 0; i < inputs.length; i++) {
            if (call.in(i) == target) {
                return inputs[i];
            }
        }
        return Tensor.empty(host, target.dtype(), target.shape());
    }

    @Override
    public void close() {
        host.close();
    }
}
