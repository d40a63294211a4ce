/* Attention over blocks of 64 keys with a running maximum (docs/numerics.md, rule 4). A group of 64 work items has one query
 * to itself: each takes one key of a block, then the values' columns are shared among them. The accumulators a[d] stand in
 * the output's memory. */
#include "contract.h"
#include "lanes.h"
#include "look.h"
#include "math.h"

/* q[heads, queries, depth], k[heads, keys, depth], v[heads, keys, width] as views */
KERNEL attend(GLOBAL float *out, int y0, GLOBAL const float *q, View vq, GLOBAL const float *k, View vk, GLOBAL const float *v,
              View vv, GLOBAL const uchar *mask, View vm, Look s, int depth, int width, float scale) {
    LOCAL float p[KEY_BLOCK];
    LOCAL float lane[LANES];
    LOCAL int allowed[KEY_BLOCK];
    LOCAL float top_of[KEY_BLOCK];
    int l = LOCAL_ID;
    int row = GROUP_ID;
    int keys = s.keys;
    int head = row / s.queries;
    int query = row - head * s.queries;
    GLOBAL float *a = out + y0 + row * width;
    float top = -INFINITE;
    float sum = 0.0f;
    int any = 0;
    for (int d = l; d < width; d += KEY_BLOCK) {
        a[d] = 0.0f;
    }
    for (int block = 0; block < keys; block += KEY_BLOCK) {
        int key = block + l;
        int mine = key < keys && may_look(s, mask, vm, head, query, key);
        float t = 0.0f;
        if (mine) {
            Tree tree;
            tree_clear(&tree);
            for (int start = 0; start < depth; start += CHUNK) {
                int end = depth < start + CHUNK ? depth : start + CHUNK;
                float acc = 0.0f;
                for (int i = start; i < end; i++) {
                    acc = FMA(q[at(vq, row * depth + i)], k[at(vk, (head * keys + key) * depth + i)], acc);
                }
                tree_push(&tree, acc);
            }
            t = tree_sum(&tree) * scale;
        }
        allowed[l] = mine;
        top_of[l] = mine ? t : -INFINITE;
        BARRIER;
        for (int h = KEY_BLOCK / 2; h >= 1; h >>= 1) {
            if (l < h) {
                top_of[l] = larger(top_of[l], top_of[l + h]);
            }
            BARRIER;
        }
        int some = 0;
        for (int j = 0; j < KEY_BLOCK; j++) {
            some |= allowed[j];
        }
        float next = larger(top, top_of[0]);
        p[l] = mine ? exact_exp(t - next) : 0.0f;
        BARRIER;
        if (l < LANES) {
            lane[l] = (0.0f + p[l]) + p[l + LANES];
        }
        BARRIER;
        for (int h = LANES / 2; h >= 1; h >>= 1) {
            if (l < h) {
                lane[l] = lane[l] + lane[l + h];
            }
            BARRIER;
        }
        if (some) {
            float rescale = exact_exp(top - next);
            sum = FMA(sum, rescale, lane[0]);
            for (int d = l; d < width; d += KEY_BLOCK) {
                float acc = a[d] * rescale;
                for (int j = 0; j < KEY_BLOCK; j++) {
                    if (allowed[j]) {
                        acc = FMA(p[j], v[at(vv, (head * keys + block + j) * width + d)], acc);
                    }
                }
                a[d] = acc;
            }
            top = next;
            any = 1;
        }
        BARRIER;
    }
    for (int d = l; d < width; d += KEY_BLOCK) {
        a[d] = any ? a[d] / sum : 0.0f;
    }
}

/* The gradient goes over whole matrices [heads, queries, keys], in place. First the scores, of which dropped ones are -inf; */
KERNEL attention_scores(GLOBAL float *score, int n, GLOBAL const uchar *mask, View vm, Look s, float scale) {
    int i = GLOBAL_ID;
    if (i < n) {
        int row = i / s.keys;
        int kept = may_look(s, mask, vm, row / s.queries, row % s.queries, i % s.keys);
        score[i] = kept ? score[i] * scale : -INFINITE;
    }
}

/* then the probabilities, of which dropped ones are +0, by each row's largest score and sum of exponentials; */
KERNEL attention_probabilities(GLOBAL float *score, int n, GLOBAL const uchar *mask, View vm, Look s, GLOBAL const float *top,
                               GLOBAL const float *sum) {
    int i = GLOBAL_ID;
    if (i < n) {
        int row = i / s.keys;
        int kept = may_look(s, mask, vm, row / s.queries, row % s.queries, i % s.keys);
        score[i] = kept ? exact_exp(score[i] - top[row]) / sum[row] : 0.0f;
    }
}

/* at last the slopes of the scores from those of the probabilities: (p (dp - along)) scale. */
KERNEL attention_slopes(GLOBAL float *dp, int n, int keys, GLOBAL const float *p, GLOBAL const float *along, float scale) {
    int i = GLOBAL_ID;
    if (i < n) {
        dp[i] = (p[i] * (dp[i] - along[i / keys])) * scale;
    }
}
