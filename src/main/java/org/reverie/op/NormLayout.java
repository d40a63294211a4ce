package org.reverie.op;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.Shape;

/**
 * What the normalisations have in common. The tensor is seen as [outer, spatial, groups, channels]; each (outer, group)
 * has a mean and a variance over its spatial · channels elements in row-major order, and each (group, channel) has a scale
 * and a shift. Batch norm has outer = 1 and channels = 1; layer norm has spatial = 1 and groups = 1.
 */
record NormLayout(int outer, int spatial, int groups, int channels) {
    static NormLayout batch(Shape x) {
        int c = x.dim(-1);
        return new NormLayout(1, rest(x, c), c, 1);
    }

    static NormLayout layer(Shape x, int normalizedAxes) {
        int size = 1;
        for (int a = 1; a <= normalizedAxes; a++) {
            size *= x.dim(-a);
        }
        return new NormLayout(rest(x, size), 1, 1, size);
    }

    static NormLayout group(Shape x, int groups) {
        int c = x.dim(-1);
        return new NormLayout(x.dim(0), rest(x, x.dim(0) * c), groups, c / groups);
    }

    private static int rest(Shape x, int part) {
        return part == 0 ? 0 : Math.toIntExact(x.elements() / part);
    }

    Shape shape() {
        return Shape.of(outer, spatial, groups, channels);
    }

    /** Elements that share a mean. */
    int size() {
        return spatial * channels;
    }

    /** Numbers of scale and of shift. */
    int parameters() {
        return groups * channels;
    }

    /** Which statistics element i has. */
    int group(int i) {
        return i / (parameters() * spatial) * groups + i / channels % groups;
    }

    /** Element j of a statistics group. */
    int element(int group, int j) {
        int row = group / groups * spatial + j / channels;
        return (row * groups + group % groups) * channels + j % channels;
    }

    /** Σ f / n over each statistics group (rule 3, one division). */
    double[] means(Arithmetic m, Ordered.Elements f) {
        double[] means = new double[outer * groups];
        for (int s = 0; s < means.length; s++) {
            int group = s;
            means[s] = m.div(Ordered.sum(m, size(), j -> f.at(element(group, j))), size());
        }
        return means;
    }

    /** The mean of (x − mean)², a product and no fma. */
    double[] variances(Arithmetic m, double[] x, double[] means) {
        return means(m, i -> {
            double d = m.sub(x[i], means[group(i)]);
            return m.mul(d, d);
        });
    }

    /** Σ f over the elements of each (group, channel), by ascending element (rule 3). */
    void sumToParameters(Arithmetic m, Ordered.Elements f, double[] sums) {
        for (int p = 0; p < sums.length; p++) {
            int parameter = p;
            sums[p] = Ordered.sum(m, outer * spatial, k -> f.at(k * sums.length + parameter));
        }
    }

    /** x̂ = (x − mean) · (1 / √(variance + ε)), each operation rounded. */
    static double normal(Arithmetic m, double x, double mean, double variance, double epsilon) {
        return m.mul(m.sub(x, mean), reciprocal(m, variance, epsilon));
    }

    static double reciprocal(Arithmetic m, double variance, double epsilon) {
        return m.div(1, m.sqrt(m.add(variance, m.round(epsilon))));
    }

    /** y = activation(fma(x̂, weight, bias)); an absent weight is 1, an absent bias +0, and the fma is done all the same. */
    void normalize(ReferenceCall<?> c, double[] means, double[] variances, double epsilon, Activation activation) {
        for (int i = 0; i < c.out(0).length; i++) {
            double normal = normal(c.math(), c.in(0)[i], means[group(i)], variances[group(i)], epsilon);
            c.out(0)[i] =
                    ActivationFunctions.apply(c.math(), activation, affine(c.math(), normal, c, i % parameters()));
        }
    }

    private static double affine(Arithmetic m, double normal, ReferenceCall<?> c, int parameter) {
        return m.fma(normal, c.has(1) ? c.in(1)[parameter] : 1, c.has(2) ? c.in(2)[parameter] : 0);
    }

    /**
     * Outputs dx, dweight, dbias; inputs 0 and 1 are x and weight, and input 2 the bias if there is an activation. With
     * u the gradient before the activation and h = u·weight: dx = ((h − mean h) − x̂·mean(h·x̂)) / √(variance + ε),
     * dweight = Σ u·x̂, dbias = Σ u. No fma; the last factor is the rounded reciprocal.
     */
    void differentiate(
            ReferenceCall<?> c, double[] means, double[] variances, double[] g, double epsilon, Activation activation) {
        Arithmetic m = c.math();
        double[] normal = new double[g.length];
        double[] u = new double[g.length];
        double[] h = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            int p = i % parameters();
            normal[i] = normal(m, c.in(0)[i], means[group(i)], variances[group(i)], epsilon);
            u[i] = activation == Activation.NONE
                    ? g[i]
                    : ActivationGradients.apply(m, activation, affine(m, normal[i], c, p), g[i]);
            h[i] = c.has(1) ? m.mul(u[i], c.in(1)[p]) : u[i];
        }
        double[] meanH = means(m, i -> h[i]);
        double[] meanHx = means(m, i -> m.mul(h[i], normal[i]));
        for (int i = 0; i < g.length; i++) {
            int s = group(i);
            double centred = m.sub(m.sub(h[i], meanH[s]), m.mul(normal[i], meanHx[s]));
            c.out(0)[i] = m.mul(centred, reciprocal(m, variances[s], epsilon));
        }
        sumToParameters(m, i -> m.mul(u[i], normal[i]), c.out(1));
        sumToParameters(m, i -> u[i], c.out(2));
    }
}
