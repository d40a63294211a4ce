package org.reverie.bench;

import java.util.Map;
import org.reverie.device.spec.DdpmSpec;

/** The Fashion-MNIST U-Net as TorchScript, written from its checkpoint's names. */
final class TorchUnet {
    private final Map<String, String> names;
    private final StringBuilder script = new StringBuilder();
    private int values;

    /** @param names what the script calls each tensor of the checkpoint */
    TorchUnet(Map<String, String> names) {
        this.names = names;
    }

    /** Statements that return the next images, from present ones, fresh noise and I64 time steps. */
    String step(String images, String noise, String times, DdpmSpec c) {
        String t = let("torch.embedding(" + names.get("time_embed.weight") + ", " + times + ")");
        String out1 = level("b1", "te1", 28, new int[] {1, 10, 10}, images, t);
        String out2 = level("b2", "te2", 14, new int[] {10, 20, 20}, conv(out1, "down1", 2, 1), t);
        String out3 = level("b3", "te3", 7, new int[] {20, 40, 40}, conv(out2, "down2", 2, 1), t);
        String deep = conv(silu(conv(out3, "down3.0", 1, 0)), "down3.2", 2, 1);
        String middle = level("b_mid", "te_mid", 3, new int[] {40, 20, 20}, deep, t);
        String up = transposed(silu(transposed(middle, "up1.0", 2, 1)), "up1.2", 1, 0);
        String h = level("b4", "te4", 7, new int[] {80, 40, 20}, joined(out3, up), t);
        h = level("b5", "te5", 14, new int[] {40, 20, 10}, joined(out2, transposed(h, "up2", 2, 1)), t);
        h = level("b_out", "te_out", 28, new int[] {20, 10, 0}, joined(out1, transposed(h, "up3", 2, 1)), t);
        String eps = conv(h, "conv_out", 1, 1);
        String mean = let("torch.mul_(torch.sub(%s, %s, alpha=%s), %s)".formatted(images, eps, c.noise(), c.scale()));
        return script + "return [torch.add_(%s, %s, alpha=%s)]".formatted(mean, noise, c.sigma());
    }

    /** @param channels that enter each block; 0 where the block has no norm */
    private String level(String name, String time, int size, int[] channels, String x, String t) {
        String shift = linear(silu(linear(t, time + ".0")), time + ".2");
        x = let("torch.add(" + x + ", torch.unsqueeze(torch.unsqueeze(" + shift + ", -1), -1))");
        for (int i = 0; i < channels.length; i++) {
            String p = name + "." + i + ".";
            if (channels[i] > 0) {
                x = let("torch.layer_norm(%s, [%d, %d, %d], %s, %s, 1e-05)"
                        .formatted(x, channels[i], size, size, names.get(p + "ln.weight"), names.get(p + "ln.bias")));
            }
            x = silu(conv(silu(conv(x, p + "conv1", 1, 1)), p + "conv2", 1, 1));
        }
        return x;
    }

    private String let(String expression) {
        String name = "v" + values++;
        script.append(name).append(" = ").append(expression).append('\n');
        return name;
    }

    private String conv(String x, String name, int stride, int pad) {
        return let("torch.conv2d(%s, %s, %s, [%d, %d], [%d, %d], [1, 1], 1)"
                .formatted(x, names.get(name + ".weight"), names.get(name + ".bias"), stride, stride, pad, pad));
    }

    private String transposed(String x, String name, int stride, int pad) {
        return let("torch.conv_transpose2d(%s, %s, %s, [%d, %d], [%d, %d], [0, 0], 1, [1, 1])"
                .formatted(x, names.get(name + ".weight"), names.get(name + ".bias"), stride, stride, pad, pad));
    }

    private String linear(String x, String name) {
        return let("torch.linear(" + x + ", " + names.get(name + ".weight") + ", " + names.get(name + ".bias") + ")");
    }

    private String silu(String x) {
        return let("torch.silu_(" + x + ")");
    }

    private String joined(String a, String b) {
        return let("torch.cat([" + a + ", " + b + "], 1)");
    }
}
