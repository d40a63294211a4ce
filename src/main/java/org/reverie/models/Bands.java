package org.reverie.models;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.Network.Node;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * A depthwise convolution between two convolutions, or one behind a convolution that leaves far fewer pixels, computed piece
 * by piece so that what lies between them, the widest activations of a network, stays in the processor's caches: some images
 * at a time, or some rows of one image, for which the rows under the kernel are computed again where two bands meet. Every
 * number is computed as it would be in one piece, so the bits are the same.
 *
 * @param nodes the convolutions, each the only user of the one before
 * @param weights of each
 */
record Bands(List<Node> nodes, List<List<Tensor>> weights) {
    /** The nodes from {@code plan[from]} on that can be computed in bands; one node if there is nothing to gain. */
    static List<Node> from(List<Node> plan, int from, Map<String, Integer> uses) {
        int end = from;
        int shrunk = from + 1;
        boolean depthwise = false;
        while (end < plan.size() && plan.get(end).rows() != null && (end == from || follows(plan, end, uses))) {
            boolean last = depthwise;
            depthwise |= plan.get(end).rows().depthwise();
            end++;
            if (end - from > 1 && plan.get(end - 1).rows().shrinks()) {
                shrunk = end;
            }
            if (last && !plan.get(end - 1).rows().depthwise()) {
                return plan.subList(from, end);
            }
            if (!depthwise && end - from > 1) {
                break; // two convolutions in a row: the second may begin a block of its own
            }
        }
        return plan.subList(from, shrunk);
    }

    private static boolean follows(List<Node> plan, int at, Map<String, Integer> uses) {
        String before = plan.get(at - 1).output();
        List<String> inputs = plan.get(at).inputs();
        return inputs.getFirst().equals(before) && inputs.lastIndexOf(before) == 0 && uses.get(before) == 1;
    }

    /**
     * The last node's output in the current scope.
     *
     * @param near bytes that stay in the caches
     */
    Tensor run(Map<String, Tensor> values, long near) {
        Tensor x = values.get(nodes.getFirst().inputs().getFirst());
        int[] heights = new int[nodes.size() + 1];
        heights[0] = x.dim(1);
        int width = x.dim(2);
        long between = 0;
        long constant = 0;
        for (int i = 0; i < nodes.size(); i++) {
            Network.Rows r = nodes.get(i).rows();
            heights[i + 1] = r.spec().outputHeight(heights[i], r.kernel());
            width = r.spec().outputWidth(width, r.kernel());
            Tensor w = weights.get(i).getFirst();
            constant += w.spec().bytes();
            if (i < nodes.size() - 1) {
                between += 4L * heights[i + 1] * width * (r.depthwise() ? w.dim(2) : w.dim(0));
            }
        }
        // A piece reads all weights again, so what it keeps from memory should be more than they are.
        double images = Math.max(near, 2 * constant) / (double) between;
        int batch = x.dim(0);
        int rows = heights[nodes.size()];
        List<Tensor> parts = new ArrayList<>();
        if (images >= 1) {
            for (int n = 0; n < batch; n += (int) images) {
                parts.add(piece(values, heights, n, Math.min(batch, n + (int) images), 0, rows));
            }
            return joined(parts);
        }
        int band = Math.ceilDiv(rows, (int) Math.ceil(1 / images));
        for (int n = 0; n < batch; n++) {
            for (int i = 0; i < rows; i += band) {
                Tensor y = piece(values, heights, n, n + 1, i, Math.min(rows, i + band));
                parts.add(Views.reshape(y, y.dim(1), y.dim(2), y.dim(3)));
            }
        }
        Tensor all = joined(parts);
        return Views.reshape(all, batch, rows, all.dim(1), all.dim(2));
    }

    private static Tensor joined(List<Tensor> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        Tensor whole = Shaping.concat(0, parts.toArray(Tensor[]::new));
        parts.forEach(Scope::free);
        return whole;
    }

    /** Rows i to j of the last node's output for the images m to n. */
    private Tensor piece(Map<String, Tensor> values, int[] heights, int m, int n, int i, int j) {
        int count = nodes.size();
        int[] begin = new int[count + 1];
        int[] end = new int[count + 1];
        ConvSpec[] specs = new ConvSpec[count];
        begin[count] = i;
        end[count] = j;
        for (int k = count - 1; k >= 0; k--) {
            Network.Rows r = nodes.get(k).rows();
            ConvSpec s = r.spec();
            int first = begin[k + 1] * s.strideH() - s.padTop();
            int last = (end[k + 1] - 1) * s.strideH() - s.padTop() + s.dilationH() * (r.kernel() - 1) + 1;
            begin[k] = Math.max(0, first);
            end[k] = Math.min(heights[k], last);
            specs[k] = s.pad(begin[k] - first, s.padLeft(), last - end[k], s.padRight());
        }
        return Scope.local(() -> {
            Tensor x = null;
            for (int k = 0; k < count; k++) {
                Node node = nodes.get(k);
                List<Tensor> inputs = new ArrayList<>();
                for (String name : node.inputs()) {
                    boolean chained = k > 0 && inputs.isEmpty();
                    int at = inputs.isEmpty() ? k : k + 1; // a residual is laid out like the output
                    inputs.add(chained ? x : part(values.get(name), m, n, begin[at], end[at]));
                }
                Tensor y = node.rows().forward().apply(inputs, weights.get(k), specs[k]);
                if (x != null) {
                    Scope.free(x);
                }
                x = y;
            }
            return x;
        });
    }

    private static Tensor part(Tensor x, int m, int n, int i, int j) {
        return Shaping.slice(Shaping.slice(x, 0, m, n), 1, i, j);
    }
}
