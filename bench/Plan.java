package org.reverie.bench;

import java.util.List;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.HostTensor;

/**
 * An image network that is being written down for a rival, operator by operator. Images are NCHW there; weights lie as in
 * checkpoints (OIHW), batch norms are folded in.
 */
interface Plan {
    /** A value of the network: its name in the rival's language, and its extents. */
    record Value(String name, int batch, int channels, int height, int width) {
        Value with(String otherName, int c, int h, int w) {
            return new Value(otherName, batch, c, h, w);
        }
    }

    Value input();

    /**
     * A convolution, plus {@code residual} unless that is null, then the activation of {@code spec}.
     *
     * @param weight [O, C / groups, KH, KW]
     * @param bias [O]
     */
    Value conv(Value x, HostTensor weight, HostTensor bias, ConvSpec spec, Value residual);

    Value maxPool(Value x, PoolSpec spec);

    /** The mean over all pixels, as an image of 1×1. */
    Value mean(Value x);

    /** x times a gate of 1×1. */
    Value gated(Value x, Value gate);

    /** Ends the plan; these are the results. An image of 1×1 counts as a row. */
    Rival rival(List<Value> results);
}
