/* Normalisations and their gradients. x is seen as [outer, spatial, groups, channels]; each (outer, group) has a mean and a
 * variance, each (group, channel) a weight and a bias (op.NormLayout). Tensors are contiguous. */
#include "activation.h"
#include "lanes.h"

typedef struct {
    int spatial;
    int groups;
    int channels;
    int has_weight;
    int has_bias;
    int activation;
    float epsilon;
} Norm;

/* Which statistics element i has. */
FN int statistics_of(Norm s, int i) {
    return i / (s.groups * s.channels * s.spatial) * s.groups + i / s.channels % s.groups;
}

FN float reciprocal_root(float variance, float epsilon) {
    return 1.0f / SQRT(variance + epsilon);
}

FN float affine(Norm s, float normal, GLOBAL const float *weight, GLOBAL const float *bias, int p) {
    return FMA(normal, s.has_weight ? weight[p] : 1.0f, s.has_bias ? bias[p] : 0.0f);
}

KERNEL apply_norm(GLOBAL float *out, int y0, int n, Norm s, GLOBAL const float *x, int x0, GLOBAL const float *weight, int w0,
                 GLOBAL const float *bias, int b0, GLOBAL const float *mean, int m0, GLOBAL const float *variance, int v0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int t = statistics_of(s, i);
        float normal = (x[x0 + i] - mean[m0 + t]) * reciprocal_root(variance[v0 + t], s.epsilon);
        out[y0 + i] = activate(s.activation, affine(s, normal, weight + w0, bias + b0, i % (s.groups * s.channels)));
    }
}

/* From x and the gradient g of y: xhat, u = g before the activation, h = u weight. */
KERNEL norm_parts(GLOBAL float *normals, GLOBAL float *before, GLOBAL float *weighted, int n, Norm s, GLOBAL const float *x,
                  int x0, GLOBAL const float *weight, int w0, GLOBAL const float *bias, int b0, GLOBAL const float *mean,
                  int m0, GLOBAL const float *variance, int v0, GLOBAL const float *g, int g0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int t = statistics_of(s, i);
        int p = i % (s.groups * s.channels);
        float normal = (x[x0 + i] - mean[m0 + t]) * reciprocal_root(variance[v0 + t], s.epsilon);
        float u = g[g0 + i];
        if (s.activation != ACTIVATION_NONE) {
            u = activation_gradient(s.activation, affine(s, normal, weight + w0, bias + b0, p), u);
        }
        normals[i] = normal;
        before[i] = u;
        weighted[i] = s.has_weight ? u * weight[w0 + p] : u;
    }
}

/* ((h - mean h) - xhat mean(h xhat)) / sqrt(variance + epsilon) */
KERNEL norm_slopes(GLOBAL float *dx, int y0, int n, Norm s, GLOBAL const float *normals, GLOBAL const float *weighted,
                   GLOBAL const float *mean_h, GLOBAL const float *mean_hx, GLOBAL const float *variance, int v0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int t = statistics_of(s, i);
        float centred = (weighted[i] - mean_h[t]) - normals[i] * mean_hx[t];
        dx[y0 + i] = centred * reciprocal_root(variance[v0 + t], s.epsilon);
    }
}
