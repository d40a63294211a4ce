/* Normalisations and their gradients: the exact kernels. */
#include "../common/norm.h"

//@hot apply_norm
//@hot norm_parts
//@hot norm_slopes
//@hot normalize_groups

#define WARP 32
#define ALL_LANES 0xffffffffu
#define MOST_SEGMENTS 32

/* Lane 0 has the sum of all lanes, by halving. */
FN float add_warp(float mine) {
#pragma unroll
    for (int h = WARP / 2; h >= 1; h >>= 1) {
        mine = mine + __shfl_down_sync(ALL_LANES, mine, h);
    }
    return mine;
}

/* Where elements of a group lie that are a warp apart: [spatial][channels] of x[outer, spatial, groups, channels]. */
typedef struct {
    int place;
    int channel;
} Walk;

FN Walk walk_from(Norm s, int j) {
    Walk w;
    w.place = j / s.channels * s.groups * s.channels;
    w.channel = j % s.channels;
    return w;
}

FN void walk_on(Walk *w, Norm s, int rows, int channels) {
    w->place += rows * s.groups * s.channels;
    w->channel += channels;
    if (w->channel >= s.channels) {
        w->channel -= s.channels;
        w->place += s.groups * s.channels;
    }
}

/* Sum of x, or of the squares of x - mean, over all n elements of a group, in every thread: a warp takes one segment. */
FN float group_sum(const float *x, Norm s, int n, int squares, float mean, float *segment) {
    int l = LOCAL_ID % WARP;
    int warp = LOCAL_ID / WARP;
    int segments = (n + SEGMENT - 1) / SEGMENT;
    int rows = WARP / s.channels;
    int channels = WARP % s.channels;
    for (int g = warp; g < segments; g += blockDim.x / WARP) {
        int end = n < (g + 1) * SEGMENT ? n : (g + 1) * SEGMENT;
        Walk w = walk_from(s, g * SEGMENT + l);
        float mine = 0.0f;
#pragma unroll 4
        for (int j = g * SEGMENT + l; j < end; j += WARP) {
            float v = x[w.place + w.channel];
            if (squares) {
                v = v - mean;
                v = v * v;
            }
            mine = mine + v;
            walk_on(&w, s, rows, channels);
        }
        mine = add_warp(mine);
        if (l == 0) {
            segment[g] = mine;
        }
    }
    BARRIER;
    float sum = segment[0];
    if (segments > 1) {
        sum = add_warp(l < segments ? 0.0f + segment[l] : 0.0f);
        sum = __shfl_sync(ALL_LANES, sum, 0);
    }
    BARRIER;
    return sum;
}

/* Mean, variance and result of a group in one block of warps; a group has at most MOST_SEGMENTS segments. */
KERNEL normalize_groups(float *out, int y0, int n, Norm s, const float *x, int x0, const float *weight, int w0,
                        const float *bias, int b0) {
    __shared__ float segment[MOST_SEGMENTS];
    int group = GROUP_ID % s.groups;
    int start = GROUP_ID / s.groups * s.spatial * s.groups * s.channels + group * s.channels;
    const float *from = x + x0 + start;
    float *to = out + y0 + start;
    float mean = group_sum(from, s, n, 0, 0.0f, segment) / (float)n;
    float variance = group_sum(from, s, n, 1, mean, segment) / (float)n;
    float scale = reciprocal_root(variance, s.epsilon);
    int step = (int)blockDim.x;
    int rows = step / s.channels;
    int channels = step % s.channels;
    Walk w = walk_from(s, LOCAL_ID);
    for (int j = LOCAL_ID; j < n; j += step) {
        float normal = (from[w.place + w.channel] - mean) * scale;
        to[w.place + w.channel] =
            activate(s.activation, affine(s, normal, weight + w0, bias + b0, group * s.channels + w.channel));
        walk_on(&w, s, rows, channels);
    }
}
