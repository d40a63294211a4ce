package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.DrawSpec;
import org.reverie.device.spec.DropoutSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The ops that draw random numbers. */
final class RandomBindings {
    private final RandomKernels kernels;

    RandomBindings(RandomKernels kernels) {
        this.kernels = kernels;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("uniform", this::uniform);
        table.put("normal", this::normal);
        table.put("normal_rows", this::normalRows);
        table.put("dropout", this::dropout);
    }

    private void uniform(KernelCall call) {
        DrawSpec s = call.attributes(DrawSpec.class);
        Tensor y = call.out(0);
        kernels.uniform(s.seed(), s.stream(), s.offset(), y.elements(), Operands.address(y));
    }

    private void normal(KernelCall call) {
        DrawSpec s = call.attributes(DrawSpec.class);
        Tensor y = call.out(0);
        kernels.normal(s.seed(), s.stream(), s.offset(), y.elements(), Operands.address(y));
    }

    private void normalRows(KernelCall call) {
        DrawSpec s = call.attributes(DrawSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor index = Operands.contiguous(call.in(0));
            long[] rows = new long[Math.toIntExact(index.elements())];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (long) Numbers.get(index.dtype(), Operands.address(index), i);
                if (rows[i] < 0) {
                    throw new IllegalArgumentException(
                            "normal_rows: row %d at position %d is negative".formatted(rows[i], i));
                }
            }
            int each = Math.toIntExact(s.shape().elements());
            kernels.normalRows(s.seed(), s.stream(), s.offset(), rows, each, Operands.address(call.out(0)));
        }
    }

    private void dropout(KernelCall call) {
        DropoutSpec s = call.attributes(DropoutSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            kernels.dropout(
                    s.seed(),
                    s.stream(),
                    s.offset(),
                    (float) s.probability(),
                    s.scale(),
                    x.elements(),
                    Operands.address(x),
                    Operands.address(call.out(0)));
        }
    }
}
