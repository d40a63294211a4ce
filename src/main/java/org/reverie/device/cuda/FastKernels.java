package org.reverie.device.cuda;

import java.util.HashMap;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** Which calls on 16-bit tensors the fast kernels compute, where {@code fast} arithmetic is asked for. */
final class FastKernels {
    /** Starts the kernels of a call, or says that it is not one of theirs, having done nothing. */
    private interface Kernel {
        boolean run(KernelCall call, boolean start);
    }

    private static final int HOPPER = 9;

    private final Map<String, Kernel> kernels = new HashMap<>();
    private final FastGemm gemm;
    private final FastConv conv;
    private final FastAttention attention;
    private final FastImages images;
    private final FastRows rows;

    FastKernels(CudaQueue queue, CudaDevice device) {
        boolean copies = device.major() == HOPPER && queue.context().driver().hasTensorMaps();
        FastHopper hopper = copies ? new FastHopper(queue, device.units()) : null;
        gemm = new FastGemm(queue, device.units(), hopper);
        conv = new FastConv(queue, device.units(), gemm, hopper);
        attention = new FastAttention(queue, copies ? new FastHopperAttention(queue) : null);
        images = new FastImages(queue, device.units());
        rows = new FastRows(queue);
        kernels.put("matmul", this::matmul);
        kernels.put("linear", this::linear);
        kernels.put("conv2d", this::conv);
        kernels.put("conv2d_input_gradient", this::inputGradient);
        kernels.put("conv2d_weight_gradient", this::weightGradient);
        kernels.put("depthwise_conv2d", this::depthwise);
        kernels.put("attention", this::attend);
        kernels.put("attention_gradient", this::attentionGradient);
        kernels.put("group_norm", this::groupNorm);
        kernels.put("global_avg_pool", this::pool);
        kernels.put("mul", this::scale);
        kernels.put("layer_norm", this::layerNorm);
        kernels.put("softmax", this::softmax);
    }

    FastGemm gemm() {
        return gemm;
    }

    /** Whether there is a kernel for an op on tensors of a dtype, if not of every shape. */
    boolean has(String op, DType d) {
        return FastTensors.isLow(d) && kernels.containsKey(op);
    }

    /** Whether {@link #run} would compute this call. */
    boolean takes(KernelCall call) {
        return isLow(call) && kernels.get(call.op()).run(call, false);
    }

    /** Enqueues what computes a call's outputs; false, with nothing done, if the call is not for the fast kernels. */
    boolean run(KernelCall call) {
        return isLow(call) && kernels.get(call.op()).run(call, true);
    }

    private boolean isLow(KernelCall call) {
        return kernels.containsKey(call.op()) && FastTensors.isLow(call.out(0).dtype());
    }

    private boolean matmul(KernelCall call, boolean start) {
        Tensor y = call.out(0);
        FastGemm.Operands o = FastGemm.Operands.of(call.in(0), call.in(1), call.attributes(MatmulSpec.class), y);
        if (o == null || !FastTensors.isPlain(y, o.dtype())) {
            return false;
        }
        if (start) {
            gemm.multiply(o, FastFinish.words(Activation.NONE, 1, null, null, y.dtype()), null, null, y);
        }
        return true;
    }

    private boolean linear(KernelCall call, boolean start) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        Tensor bias = call.in(2);
        Tensor residual = call.in(3);
        DType d = x.dtype();
        if (!FastTensors.isPlain(x, d)
                || !FastTensors.isPlain(y, d)
                || !FastTensors.isParameter(bias, d)
                || !FastTensors.isAddend(residual, d)) {
            return false;
        }
        int rows = Math.toIntExact(y.elements() / Math.max(1, y.dim(-1)));
        Activation activation = call.attributes(LinearSpec.class).activation();
        FastGemm.Operands o = FastGemm.Operands.linear(x, call.in(1), rows);
        boolean narrow = o == null && FastImages.takesNarrow(x, call.in(1), bias, residual, y);
        if (start && narrow) {
            images.narrowLinear(activation, x, call.in(1), bias, y);
        } else if (start && o != null) {
            gemm.multiply(o, FastFinish.words(activation, 1, bias, residual, d), bias, residual, y);
        }
        return narrow || o != null;
    }

    private boolean conv(KernelCall call, boolean start) {
        ConvSpec s = call.attributes(ConvSpec.class);
        Tensor y = call.out(0);
        boolean takes = FastConv.takesForward(s, call.in(0), call.in(1), y)
                && FastTensors.isParameter(call.in(2), y.dtype())
                && FastTensors.isAddend(call.in(3), y.dtype());
        if (takes && start) {
            conv.convolve(s, call.in(0), call.in(1), call.in(2), call.in(3), y);
        }
        return takes;
    }

    private boolean inputGradient(KernelCall call, boolean start) {
        ConvSpec s = call.attributes(ConvInputGradientSpec.class).conv();
        Tensor dx = call.out(0);
        boolean takes = FastConv.goesBack(s) && FastConv.takes(s, dx, call.in(1), call.in(0));
        if (takes && start) {
            conv.convolveBack(s, call.in(0), call.in(1), dx);
        }
        return takes;
    }

    private boolean weightGradient(KernelCall call, boolean start) {
        ConvSpec s = call.attributes(ConvWeightGradientSpec.class).conv();
        boolean takes = FastConv.takes(s, call.in(0), call.out(0), call.in(1));
        if (takes && start) {
            conv.convolveWeights(s, call.in(0), call.in(1), call.out(0));
        }
        return takes;
    }

    private boolean depthwise(KernelCall call, boolean start) {
        ConvSpec s = call.attributes(ConvSpec.class);
        boolean takes = FastImages.takes(s, call.in(0), call.in(1), call.in(2), call.out(0));
        if (takes && start) {
            images.depthwise(s, call.in(0), call.in(1), call.in(2), call.out(0));
        }
        return takes;
    }

    private boolean pool(KernelCall call, boolean start) {
        boolean takes = FastImages.takesChannels(call.in(0), call.out(0));
        if (takes && start) {
            images.pool(call.in(0), call.out(0));
        }
        return takes;
    }

    /** Of products number by number, those of an image and a factor for each of its channels. */
    private boolean scale(KernelCall call, boolean start) {
        Tensor x = call.in(0);
        boolean takes = FastImages.takesScale(x, call.in(1), call.out(0));
        if (takes && start) {
            images.scale(x, call.in(1), call.out(0));
        }
        return takes;
    }

    private boolean attend(KernelCall call, boolean start) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor y = call.out(0);
        boolean takes = FastAttention.takes(s, call.in(0), call.in(1), call.in(2), call.in(3))
                && FastAttention.isHeads(y, y.dtype());
        if (takes && start) {
            attention.attend(s, call.in(0), call.in(1), call.in(2), y);
        }
        return takes;
    }

    private boolean attentionGradient(KernelCall call, boolean start) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        boolean takes = FastAttention.takes(s, call.in(0), call.in(1), call.in(2), call.in(3))
                && FastAttention.isHeads(call.in(4), call.in(0).dtype());
        for (Tensor t : call.outputs()) {
            takes = takes && FastAttention.isHeads(t, call.in(0).dtype());
        }
        if (takes && start) {
            attention.gradient(
                    s, call.in(0), call.in(1), call.in(2), call.in(4), call.out(0), call.out(1), call.out(2));
        }
        return takes;
    }

    private boolean groupNorm(KernelCall call, boolean start) {
        GroupNormSpec s = call.attributes(GroupNormSpec.class);
        if (s.groups() == 1 && call.in(0).rank() == 2) {
            return normalize(call, s.epsilon(), s.activation(), start);
        }
        boolean takes = FastImages.takes(call.in(0), call.in(1), call.in(2), call.out(0));
        if (takes && start) {
            images.groupNorm(s, call.in(0), call.in(1), call.in(2), call.out(0));
        }
        return takes;
    }

    private boolean layerNorm(KernelCall call, boolean start) {
        LayerNormSpec s = call.attributes(LayerNormSpec.class);
        return s.normalizedAxes() == 1 && normalize(call, s.epsilon(), Activation.NONE, start);
    }

    private boolean normalize(KernelCall call, double epsilon, Activation activation, boolean start) {
        boolean takes = FastRows.takes(call.in(0), call.in(1), call.in(2), call.out(0));
        if (takes && start) {
            rows.normalize(epsilon, activation, call.in(0), call.in(1), call.in(2), call.out(0));
        }
        return takes;
    }

    private boolean softmax(KernelCall call, boolean start) {
        boolean takes = FastRows.takes(call.in(0), call.out(0));
        if (takes && start) {
            rows.softmax(call.in(0), call.out(0));
        }
        return takes;
    }
}
