package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.DrawSpec;
import org.reverie.device.spec.DropoutSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** Draws from random streams: {@code kernels/common/random.h}. */
final class RandomBindings {
    private static final String FAMILY = "random";

    private final KernelQueue queue;
    private final IndexChecks checks;

    RandomBindings(KernelQueue queue, IndexChecks checks) {
        this.queue = queue;
        this.checks = checks;
    }

    void register(Map<String, Binding> table) {
        table.put("uniform", this::draw);
        table.put("normal", this::draw);
        table.put("normal_rows", this::rows);
        table.put("dropout", this::dropout);
    }

    private void draw(KernelCall call) {
        DrawSpec s = call.attributes(DrawSpec.class);
        Tensor y = call.out(0);
        // One work item to a block of four; the first and the last may be cut.
        long blocks = y.elements() == 0 ? 0 : (s.offset() + y.elements() - 1 >> 2) - (s.offset() >> 2) + 1;
        queue.launch(FAMILY, "op_" + call.op())
                .dense(y)
                .i(y.elements())
                .l(s.seed())
                .l(s.stream())
                .l(s.offset())
                .items(blocks);
    }

    private void rows(KernelCall call) {
        DrawSpec s = call.attributes(DrawSpec.class);
        Tensor rows = call.in(0);
        Tensor y = call.out(0);
        checks.checkRows(call.op(), rows);
        queue.launch(FAMILY, "op_normal_rows")
                .memory(rows)
                .flag(rows.dtype() == DType.I64)
                .view(View.of(rows))
                .dense(y)
                .i(y.elements())
                .i(s.shape().elements())
                .l(s.seed())
                .l(s.stream())
                .l(s.offset())
                .items(y.elements());
    }

    private void dropout(KernelCall call) {
        DropoutSpec s = call.attributes(DropoutSpec.class);
        Tensor y = call.out(0);
        queue.launch(FAMILY, "op_dropout")
                .view(call.in(0))
                .dense(y)
                .i(y.elements())
                .f(s.probability())
                .f(s.scale())
                .l(s.seed())
                .l(s.stream())
                .l(s.offset())
                .items(y.elements());
    }
}
