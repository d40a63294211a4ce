/* Depthwise convolutions of 16-bit images [n, height, width, channels] with weights [tap row, tap column, channel], bias and
 * activation, and, for squeeze and excitation, the sums of each channel. A thread makes STRIP neighbouring pixels of eight
 * channels: a column of the image is read once for all of the strip's taps that need it. Channels are a multiple of 8. */
//@device-only
#include "fast/finish.h"

typedef struct {
    int height;
    int width;
    int channels;
    int out_height;
    int out_width;
    int pad_top;
    int pad_left;
    int images;
} Depthwise;

#define STRIP 4
#define THREADS 128

/* The sums of a strip. */
template <class T, int TAPS, int STRIDE>
FN void convolve_strip(float (&sum)[STRIP][8], const T *x, const T *weight, const Depthwise &s, int image, int row, int column0,
                       int channel) {
    constexpr int COLUMNS = (STRIP - 1) * STRIDE + TAPS;
    UNROLL for (int p = 0; p < STRIP; p++) {
        UNROLL for (int c = 0; c < 8; c++) sum[p][c] = 0.0f;
    }
    int first = column0 * STRIDE - s.pad_left;
    for (int tap_row = 0; tap_row < TAPS; tap_row++) {
        int h = row * STRIDE - s.pad_top + tap_row;
        if ((uint)h >= (uint)s.height) {
            continue;
        }
        const T *from = x + ((int64)(image * s.height + h) * s.width) * s.channels + channel;
        Eight<T> w[TAPS];
        UNROLL for (int k = 0; k < TAPS; k++) {
            w[k] = Eight<T>::at(weight + (int64)(tap_row * TAPS + k) * s.channels + channel);
        }
        UNROLL for (int j = 0; j < COLUMNS; j++) {
            int column = first + j;
            Eight<T> e = (uint)column < (uint)s.width ? Eight<T>::at(from + (int64)column * s.channels) : Eight<T>::zero();
            UNROLL for (int p = 0; p < STRIP; p++) {
                int k = j - p * STRIDE;
                if (k >= 0 && k < TAPS) {
                    UNROLL for (int c = 0; c < 8; c++) sum[p][c] = FMA(e.v[c], w[k].v[c], sum[p][c]);
                }
            }
        }
    }
}

/* Adds the bias, activates and stores a strip, and adds what is stored to totals, one to a channel. */
template <class T>
FN void store_strip(float (&sum)[STRIP][8], float (&total)[8], T *y, const void *bias, const Depthwise &s, const Finish &f, int line,
                    int column0, int channel) {
    Eight<T> b = bias_of<T>(f, bias, channel);
    T *to = y + ((int64)line * s.out_width + column0) * s.channels + channel;
    UNROLL for (int p = 0; p < STRIP; p++) {
        if (column0 + p < s.out_width) {
            Eight<T> out;
            UNROLL for (int c = 0; c < 8; c++) out.v[c] = sum[p][c] + b.v[c];
            activate(f, out.v);
            uint4 stored = out.packed();
            *(uint4 *)(to + (int64)p * s.channels) = stored;
            out = Eight<T>::of(stored);
            UNROLL for (int c = 0; c < 8; c++) total[c] += out.v[c];
        }
    }
}

template <class T, int TAPS, int STRIDE>
FN void depthwise(T *y, const void *bias, const T *x, const T *weight, const Depthwise &s, const Finish &f) {
    int chunks = s.channels / 8;
    int strips = (s.out_width + STRIP - 1) / STRIP;
    int i = GLOBAL_ID;
    int rest = i / chunks;
    int channel = (i - rest * chunks) * 8;
    int line = rest / strips;
    int column0 = (rest - line * strips) * STRIP;
    int image = line / s.out_height;
    if (image >= s.images) {
        return;
    }
    float sum[STRIP][8];
    float total[8] = {0, 0, 0, 0, 0, 0, 0, 0}; /* of no use, and so in no register */
    convolve_strip<T, TAPS, STRIDE>(sum, x, weight, s, image, line - image * s.out_height, column0, channel);
    store_strip(sum, total, y, bias, s, f, line, column0, channel);
}

/* The same, and the sums of what it stores: sums[image, part, channel]. Blocks: `across` chunks of eight channels along x, parts
 * of an image's strips along y, images along z; the block's threads beyond a multiple of `across` are idle. */
template <class T, int TAPS, int STRIDE>
FN void depthwise_pooled(T *y, float *sums, const void *bias, const T *x, const T *weight, const Depthwise &s, const Finish &f,
                         int across, int parts) {
    DYNAMIC_SHARED(memory);
    float *lanes = (float *)memory; /* [lane down][channel of the block] */
    int down = THREADS / across;
    int lane = (int)threadIdx.x / across;
    int chunk = (int)threadIdx.x % across;
    int channel = (GROUP_ID * across + chunk) * 8;
    int image = GROUP_ID_Z;
    int strips = (s.out_width + STRIP - 1) / STRIP;
    int all = s.out_height * strips;
    int last = (int)((int64)all * (GROUP_ID_Y + 1) / parts);
    float total[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (lane < down && channel < s.channels) {
        for (int i = (int)((int64)all * GROUP_ID_Y / parts) + lane; i < last; i += down) {
            int row = i / strips;
            int column0 = (i - row * strips) * STRIP;
            float sum[STRIP][8];
            convolve_strip<T, TAPS, STRIDE>(sum, x, weight, s, image, row, column0, channel);
            store_strip(sum, total, y, bias, s, f, image * s.out_height + row, column0, channel);
        }
    }
    if (lane < down) {
        UNROLL for (int c = 0; c < 8; c++) lanes[(lane * across + chunk) * 8 + c] = total[c];
    }
    __syncthreads();
    for (int c = (int)threadIdx.x; c < across * 8; c += THREADS) {
        float whole = 0.0f;
        for (int l = 0; l < down; l++) whole += lanes[l * across * 8 + c];
        if (GROUP_ID * across * 8 + c < s.channels) {
            sums[((int64)image * parts + GROUP_ID_Y) * s.channels + GROUP_ID * across * 8 + c] = whole;
        }
    }
}

#define DEPTHWISE(dtype, T, TAPS, STRIDE)                                                                                      \
    extern "C" __global__ __launch_bounds__(THREADS, 3) void                                                                   \
    depthwise_##TAPS##x##TAPS##_by_##STRIDE##_##dtype(T *y, const void *bias, const T *x, const T *weight, Depthwise s,        \
                                                      Finish f) {                                                              \
        depthwise<T, TAPS, STRIDE>(y, bias, x, weight, s, f);                                                                  \
    }                                                                                                                          \
    extern "C" __global__ __launch_bounds__(THREADS, 3) void                                                                   \
    depthwise_pooled_##TAPS##x##TAPS##_by_##STRIDE##_##dtype(T *y, float *sums, const void *bias, const T *x, const T *weight, \
                                                             Depthwise s, Finish f, int across, int parts) {                   \
        depthwise_pooled<T, TAPS, STRIDE>(y, sums, bias, x, weight, s, f, across, parts);                                      \
    }

#define DEPTHWISES(dtype, T)                                                                                                   \
    DEPTHWISE(dtype, T, 3, 1)                                                                                                  \
    DEPTHWISE(dtype, T, 3, 2)                                                                                                  \
    DEPTHWISE(dtype, T, 5, 1)                                                                                                  \
    DEPTHWISE(dtype, T, 5, 2)

DEPTHWISES(bf16, Bf16)
DEPTHWISES(f16, F16)

//@hot depthwise_3x3_by_1_bf16
//@hot depthwise_3x3_by_2_bf16
//@hot depthwise_5x5_by_1_bf16
//@hot depthwise_5x5_by_2_bf16
//@hot depthwise_3x3_by_1_f16
//@hot depthwise_3x3_by_2_f16
//@hot depthwise_5x5_by_1_f16
//@hot depthwise_5x5_by_2_f16
//@hot depthwise_pooled_3x3_by_1_bf16
//@hot depthwise_pooled_3x3_by_2_bf16
//@hot depthwise_pooled_5x5_by_1_bf16
//@hot depthwise_pooled_5x5_by_2_bf16
//@hot depthwise_pooled_3x3_by_1_f16
//@hot depthwise_pooled_3x3_by_2_f16
//@hot depthwise_pooled_5x5_by_1_f16
//@hot depthwise_pooled_5x5_by_2_f16
