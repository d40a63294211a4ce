/* Group norm of 16-bit tensors [image, pixel, channel] with the activation behind it, in binary32: two reads and a write.
 * Sums are of differences from the group's first number, so that a large mean costs no digits. Channels are a multiple of 8;
 * a group may be of any number of them. Many blocks share an image, in an order that does not depend on their timing.
 * And rows that a block keeps whole: softmax, and the norm of a row, by itself or at the end of a product that made the row. */
//@device-only
#include "fast/splits.h"

typedef struct {
    int images;
    int pixels;
    int channels;
    int groups;
    int parts; /* into how many an image's pixels are cut */
    float epsilon;
    int has_weight; /* 1 in binary32, 2 in the tensor's dtype */
    int has_bias;
} GroupNorm;

#define LANES_ACROSS 8
#define LANES_DOWN 32

/* The first pixel of a part. */
FN int first_pixel(const GroupNorm &s, int part) {
    return (int)((int64)s.pixels * part / s.parts);
}

/* sums[image, part, 2, channel]: of x - x0 and of its square, x0 being the first number of the group. Blocks: 64 channels
 * along x, parts along y, images along z. */
template <class T> FN void group_sums(float *sums, const T *x, const GroupNorm &s) {
    DYNAMIC_SHARED(memory);
    float *lanes = (float *)memory; /* [lane down][2][64] */
    int across = (int)threadIdx.x % LANES_ACROSS;
    int down = (int)threadIdx.x / LANES_ACROSS;
    int channel = (GROUP_ID * LANES_ACROSS + across) * 8;
    const T *image = x + (int64)GROUP_ID_Z * s.pixels * s.channels;
    int each = s.channels / s.groups;
    float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    float square[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (channel < s.channels) {
        float start[8];
        UNROLL for (int c = 0; c < 8; c++) start[c] = number(image[(channel + c) / each * each]);
        int first = first_pixel(s, GROUP_ID_Y);
        int last = first_pixel(s, GROUP_ID_Y + 1);
        for (int p = first + down; p < last; p += LANES_DOWN) {
            Eight<T> e = Eight<T>::at(image + (int64)p * s.channels + channel);
            UNROLL for (int c = 0; c < 8; c++) {
                float d = e.v[c] - start[c];
                sum[c] += d;
                square[c] = FMA(d, d, square[c]);
            }
        }
    }
    UNROLL for (int c = 0; c < 8; c++) {
        lanes[(down * 2) * 64 + across * 8 + c] = sum[c];
        lanes[(down * 2 + 1) * 64 + across * 8 + c] = square[c];
    }
    __syncthreads();
    if (threadIdx.x < 128) {
        int which = (int)threadIdx.x / 64;
        int place = (int)threadIdx.x % 64;
        float total = 0.0f;
        for (int d = 0; d < LANES_DOWN; d++) total += lanes[(d * 2 + which) * 64 + place];
        int c = GROUP_ID * 64 + place;
        if (c < s.channels) {
            sums[(((int64)GROUP_ID_Z * s.parts + GROUP_ID_Y) * 2 + which) * s.channels + c] = total;
        }
    }
}

/* statistics[image, group, 2]: mean and 1 / sqrt(variance + epsilon); one warp to a group. */
template <class T> FN void group_statistics(float *statistics, const float *sums, const T *x, const GroupNorm &s) {
    int i = GROUP_ID * 8 + (int)threadIdx.x / WARP;
    if (i >= s.images * s.groups) {
        return;
    }
    int image = i / s.groups;
    int each = s.channels / s.groups;
    int channel = (i - image * s.groups) * each;
    const float *own = sums + (int64)image * s.parts * 2 * s.channels + channel;
    float sum = 0.0f;
    float square = 0.0f;
    for (int j = LANE; j < s.parts * each; j += WARP) {
        const float *at = own + (int64)(j / each) * 2 * s.channels + j % each;
        sum += at[0];
        square += at[s.channels];
    }
    UNROLL for (int by = 16; by > 0; by >>= 1) {
        sum += __shfl_xor_sync(ALL_LANES, sum, by);
        square += __shfl_xor_sync(ALL_LANES, square, by);
    }
    if (LANE == 0) {
        float count = (float)s.pixels * (float)each;
        float shift = sum / count;
        float variance = square / count - shift * shift;
        statistics[2 * i] = number(x[(int64)image * s.pixels * s.channels + channel]) + shift;
        statistics[2 * i + 1] = 1.0f / SQRT((variance < 0.0f ? 0.0f : variance) + s.epsilon);
    }
}

template <class T> FN float parameter(int kind, const void *p, int c, float otherwise) {
    return kind == 1 ? ((const float *)p)[c] : kind == 2 ? number(((const T *)p)[c]) : otherwise;
}

/* One thread to eight channels of a pixel. */
template <class T>
FN void group_apply(T *y, const T *x, const float *statistics, const void *weight, const void *bias, const GroupNorm &s,
                    const Finish &f) {
    int i = GLOBAL_ID;
    int chunks = s.channels / 8;
    int pixel = i / chunks;
    int image = pixel / s.pixels;
    if (image >= s.images) {
        return;
    }
    int channel = (i - pixel * chunks) * 8;
    int each = s.channels / s.groups;
    int64 at = (int64)pixel * s.channels + channel;
    Eight<T> e = Eight<T>::at(x + at);
    UNROLL for (int c = 0; c < 8; c++) {
        const float *own = statistics + 2 * (image * s.groups + (channel + c) / each);
        float hat = (e.v[c] - own[0]) * own[1];
        e.v[c] = FMA(hat, parameter<T>(s.has_weight, weight, channel + c, 1.0f),
                     parameter<T>(s.has_bias, bias, channel + c, 0.0f));
    }
    activate(f, e.v);
    e.to(y + at);
}

#define ROW_THREADS 128
#define PIECES 4 /* of eight numbers, that a thread keeps */

/* Where a thread's piece begins in the row. */
FN int piece_at(int i) {
    return ((int)threadIdx.x + i * ROW_THREADS) * 8;
}

/* The block's result of one number from each thread: warps by shuffles, then the four warps in their order. */
template <bool SUM> FN float of_block(float x, float *parts) {
    UNROLL for (int by = 16; by > 0; by >>= 1) {
        float other = __shfl_xor_sync(ALL_LANES, x, by);
        x = SUM ? x + other : x > other ? x : other;
    }
    if (LANE == 0) {
        parts[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    float all = parts[0];
    UNROLL for (int w = 1; w < ROW_THREADS / WARP; w++) all = SUM ? all + parts[w] : all > parts[w] ? all : parts[w];
    return all;
}

/* y = exp(x - max x) / sum; a block to a row of up to 8 PIECES ROW_THREADS numbers, read once. */
template <class T> FN void softmax_row(T *y, const T *x, int width) {
    DYNAMIC_SHARED(memory);
    float *parts = (float *)memory;
    int64 row = (int64)GROUP_ID * width;
    Eight<T> e[PIECES];
    float top = -INFINITE;
    UNROLL for (int i = 0; i < PIECES; i++) {
        int at = piece_at(i);
        if (at < width) {
            e[i] = Eight<T>::at(x + row + at);
            UNROLL for (int c = 0; c < 8; c++) top = e[i].v[c] > top ? e[i].v[c] : top;
        }
    }
    top = of_block<false>(top, parts);
    float sum = 0.0f;
    UNROLL for (int i = 0; i < PIECES; i++) {
        if (piece_at(i) < width) {
            UNROLL for (int c = 0; c < 8; c++) {
                e[i].v[c] = power_of_two(LOG2_E * (e[i].v[c] - top));
                sum += e[i].v[c];
            }
        }
    }
    float scale = 1.0f / of_block<true>(sum, parts + ROW_THREADS / WARP);
    UNROLL for (int i = 0; i < PIECES; i++) {
        int at = piece_at(i);
        if (at < width) {
            UNROLL for (int c = 0; c < 8; c++) e[i].v[c] *= scale;
            e[i].to(y + row + at);
        }
    }
}

typedef struct {
    int width;
    float epsilon;
    int has_weight; /* 1 in binary32, 2 in the tensor's dtype */
    int has_bias;
} RowNorm;

/* y = activation(weight (x - mean) / sqrt(variance + epsilon) + bias) of the row whose pieces the block's threads have. */
template <class T>
FN void normalize_pieces(T *y, Eight<T> (&e)[PIECES], const void *weight, const void *bias, const RowNorm &s, const Finish &f,
                         float *parts) {
    float count = (float)s.width;
    float sum = 0.0f;
    UNROLL for (int i = 0; i < PIECES; i++) {
        if (piece_at(i) < s.width) {
            UNROLL for (int c = 0; c < 8; c++) sum += e[i].v[c];
        }
    }
    float mean = of_block<true>(sum, parts) / count;
    float square = 0.0f;
    UNROLL for (int i = 0; i < PIECES; i++) {
        if (piece_at(i) < s.width) {
            UNROLL for (int c = 0; c < 8; c++) {
                e[i].v[c] -= mean;
                square = FMA(e[i].v[c], e[i].v[c], square);
            }
        }
    }
    float scale = 1.0f / SQRT(of_block<true>(square, parts + ROW_THREADS / WARP) / count + s.epsilon);
    UNROLL for (int i = 0; i < PIECES; i++) {
        int at = piece_at(i);
        if (at < s.width) {
            Eight<T> w = parameters<T>(s.has_weight, weight, at, 1.0f);
            Eight<T> b = parameters<T>(s.has_bias, bias, at, 0.0f);
            UNROLL for (int c = 0; c < 8; c++) e[i].v[c] = FMA(e[i].v[c] * scale, w.v[c], b.v[c]);
            activate(f, e[i].v);
            e[i].to(y + at);
        }
    }
}

template <class T>
FN void normalize_row(T *y, const T *x, const void *weight, const void *bias, const RowNorm &s, const Finish &f) {
    DYNAMIC_SHARED(memory);
    int64 row = (int64)GROUP_ID * s.width;
    Eight<T> e[PIECES];
    UNROLL for (int i = 0; i < PIECES; i++) {
        if (piece_at(i) < s.width) {
            e[i] = Eight<T>::at(x + row + piece_at(i));
        }
    }
    normalize_pieces(y + row, e, weight, bias, s, f, (float *)memory);
}

/* What add_splits does, and the norm of each row that it makes: h = finish(sum of the parts), y = norm(h). */
template <class T>
FN void join_normalized(T *h, const void *residual, const void *addend, const float *parts, int splits, int rows,
                        const Finish &finish, T *y, const void *weight, const void *bias, const RowNorm &s, const Finish &f) {
    DYNAMIC_SHARED(memory);
    int64 row = (int64)GROUP_ID * s.width;
    Target t = {h, residual, addend, s.width, rows, s.width};
    Eight<T> e[PIECES];
    UNROLL for (int i = 0; i < PIECES; i++) {
        int at = piece_at(i);
        if (at < s.width) {
            e[i] = sum_of_parts<T>(parts + row + at, splits, (int64)rows * s.width);
            finish_eight(e[i], finish, t, GROUP_ID, at);
            uint4 stored = e[i].packed();
            *(uint4 *)(h + row + at) = stored;
            e[i] = Eight<T>::of(stored);
        }
    }
    normalize_pieces(y + row, e, weight, bias, s, f, (float *)memory);
}

#define NORMS(dtype, T)                                                                                                        \
    FAST_KERNEL(LANES_ACROSS *LANES_DOWN) group_sums_##dtype(float *sums, const T *x, GroupNorm s) {                           \
        group_sums<T>(sums, x, s);                                                                                             \
    }                                                                                                                          \
    FAST_KERNEL(256) group_statistics_##dtype(float *statistics, const float *sums, const T *x, GroupNorm s) {                 \
        group_statistics<T>(statistics, sums, x, s);                                                                           \
    }                                                                                                                          \
    FAST_KERNEL(256)                                                                                                           \
    group_apply_##dtype(T *y, const T *x, const float *statistics, const void *weight, const void *bias, GroupNorm s,          \
                        Finish f) {                                                                                            \
        group_apply<T>(y, x, statistics, weight, bias, s, f);                                                                  \
    }                                                                                                                          \
    FAST_KERNEL(ROW_THREADS) softmax_row_##dtype(T *y, const T *x, int width) {                                                \
        softmax_row<T>(y, x, width);                                                                                           \
    }                                                                                                                          \
    FAST_KERNEL(ROW_THREADS)                                                                                                   \
    normalize_row_##dtype(T *y, const T *x, const void *weight, const void *bias, RowNorm s, Finish f) {                       \
        normalize_row<T>(y, x, weight, bias, s, f);                                                                            \
    }                                                                                                                          \
    FAST_KERNEL(ROW_THREADS)                                                                                                   \
    join_normalized_##dtype(T *h, const void *residual, const void *addend, const float *parts, int splits, int rows,          \
                            Finish finish, T *y, const void *weight, const void *bias, RowNorm s, Finish f) {                  \
        join_normalized<T>(h, residual, addend, parts, splits, rows, finish, y, weight, bias, s, f);                           \
    }

NORMS(bf16, Bf16)
NORMS(f16, F16)

//@hot group_sums_bf16
//@hot group_statistics_bf16
//@hot group_apply_bf16
//@hot group_sums_f16
//@hot group_statistics_f16
//@hot group_apply_f16
//@hot softmax_row_bf16
//@hot softmax_row_f16
//@hot normalize_row_bf16
//@hot normalize_row_f16
//@hot join_normalized_bf16
//@hot join_normalized_f16
