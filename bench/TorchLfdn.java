package org.reverie.bench;

import java.util.ArrayList;
import java.util.List;
import org.reverie.ood.dlsr.LfdnConfig;

/** The LFDN as TorchScript, written from the paper and the names of its checkpoints. */
final class TorchLfdn {
    private static final String EPS = "1e-05";

    private final LfdnConfig config;
    private final List<String> names;
    private final String list;
    private final StringBuilder script = new StringBuilder();

    /**
     * @param names of the parameters in the order of the list
     * @param list what the script calls the list of parameters
     */
    TorchLfdn(LfdnConfig config, List<String> names, String list) {
        this.config = config;
        this.names = new ArrayList<>(names);
        this.list = list;
    }

    /**
     * Statements that compute the predicted clean features.
     *
     * @param noisy the name of the noisy features [N, d]
     * @param times the name of the I64 time steps [N] or [1]
     * @param frequencies the name of the sinusoids' frequencies [1, width of the time embedding]
     * @param result the name to be given to the result
     */
    String statements(String noisy, String times, String frequencies, String result) {
        let("phase", "torch.mul(torch.reshape(" + times + ", [-1, 1]), " + frequencies + ")");
        let("e", "torch.cat([torch.cos(phase), torch.sin(phase)], 1)");
        let("e", "torch.silu(" + linear("e", "time_embed.0") + ")");
        let("e", "torch.silu(" + linear("e", "time_embed.2") + ")");
        let("h", linear("torch.silu(" + noisy + ")", "input_proj.1"));
        for (int i = 0; i < config.blocks(); i++) {
            String p = "res_blocks." + i + ".";
            let("r", linear(normed("h", p + "in_layers.0"), p + "in_layers.2"));
            let("r", "torch.add(r, " + linear("e", p + "emb_layers.1") + ")");
            let("h", "torch.add(h, " + linear(normed("r", p + "out_layers.0"), p + "out_layers.3") + ")");
        }
        let(result, linear(normed("h", "out.0"), "out.2"));
        return script.toString();
    }

    private void let(String name, String expression) {
        script.append(name).append(" = ").append(expression).append('\n');
    }

    private String parameter(String name) {
        int i = names.indexOf(name);
        if (i < 0) {
            throw new IllegalArgumentException("no parameter is called " + name);
        }
        return list + "[" + i + "]";
    }

    private String linear(String x, String name) {
        return "torch.linear(" + x + ", " + parameter(name + ".weight") + ", " + parameter(name + ".bias") + ")";
    }

    private String normed(String x, String name) {
        return "torch.silu(torch.layer_norm(" + x + ", [" + config.width() + "], " + parameter(name + ".weight") + ", "
                + parameter(name + ".bias") + ", " + EPS + "))";
    }
}
