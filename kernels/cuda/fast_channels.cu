/* Squeeze and excitation: means of the channels of 16-bit images [image, pixel, channel], linear layers that are too narrow or too
 * odd for the matrix units, and images whose channels are multiplied by a number each. Channels are a multiple of 8. And pixels of fewer channels than 8, brought
 * to 8, for the convolution that a network begins with. */
//@device-only
#include "fast/finish.h"

typedef struct {
    int images;
    int pixels;
    int channels;
    int parts; /* into how many an image's pixels are cut */
} Channels;

#define THREADS 256
#define LANES_ACROSS 8
#define LANES_DOWN (THREADS / LANES_ACROSS)

/* sums[image, part, channel] in binary32. Blocks: 64 channels along x, parts along y, images along z. */
template <class T> FN void channel_sums(float *sums, const T *x, const Channels &s) {
    DYNAMIC_SHARED(memory);
    float *lanes = (float *)memory; /* [lane down][64] */
    int across = (int)threadIdx.x % LANES_ACROSS;
    int down = (int)threadIdx.x / LANES_ACROSS;
    int channel = (GROUP_ID * LANES_ACROSS + across) * 8;
    float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (channel < s.channels) {
        const T *from = x + (int64)GROUP_ID_Z * s.pixels * s.channels + channel;
        int last = (int)((int64)s.pixels * (GROUP_ID_Y + 1) / s.parts);
        for (int p = (int)((int64)s.pixels * GROUP_ID_Y / s.parts) + down; p < last; p += LANES_DOWN) {
            Eight<T> e = Eight<T>::at(from + (int64)p * s.channels);
            UNROLL for (int c = 0; c < 8; c++) sum[c] += e.v[c];
        }
    }
    UNROLL for (int c = 0; c < 8; c++) lanes[down * 64 + across * 8 + c] = sum[c];
    __syncthreads();
    int c = GROUP_ID * 64 + (int)threadIdx.x;
    if (threadIdx.x < 64 && c < s.channels) {
        float total = 0.0f;
        for (int d = 0; d < LANES_DOWN; d++) total += lanes[d * 64 + threadIdx.x];
        sums[((int64)GROUP_ID_Z * s.parts + GROUP_ID_Y) * s.channels + c] = total;
    }
}

/* y[image, channel] from the parts' sums; one thread to eight channels. */
template <class T> FN void channel_means(T *y, const float *sums, const Channels &s) {
    int chunks = s.channels / 8;
    int image = GLOBAL_ID / chunks;
    if (image >= s.images) {
        return;
    }
    int channel = (GLOBAL_ID - image * chunks) * 8;
    const float *from = sums + (int64)image * s.parts * s.channels + channel;
    Eight<T> sum = Eight<T>::zero();
    for (int p = 0; p < s.parts; p++) {
        Eight<T> part = Eight<T>::of_floats(from + (int64)p * s.channels);
        UNROLL for (int c = 0; c < 8; c++) sum.v[c] += part.v[c];
    }
    UNROLL for (int c = 0; c < 8; c++) sum.v[c] = sum.v[c] / (float)s.pixels;
    sum.to(y + (int64)image * s.channels + channel);
}

/* y = x times factors[image, channel]; one thread to eight channels of a pixel. */
template <class T> FN void scale_channels(T *y, const T *x, const T *factors, const Channels &s) {
    int64 i = (int64)GROUP_ID * THREADS + LOCAL_ID;
    int chunks = s.channels / 8;
    int64 pixel = i / chunks;
    int image = (int)(pixel / s.pixels);
    if (image >= s.images) {
        return;
    }
    int channel = (int)(i - pixel * chunks) * 8;
    Eight<T> e = Eight<T>::at(x + i * 8);
    Eight<T> factor = Eight<T>::at(factors + (int64)image * s.channels + channel);
    UNROLL for (int c = 0; c < 8; c++) e.v[c] *= factor.v[c];
    e.to(y + i * 8);
}

/* y[row, column] = activation(x[row] . weight[column] + bias); a warp to a number. */
template <class T>
FN void narrow_linear(T *y, const T *x, const T *weight, const void *bias, int rows, int columns, int depth, const Finish &f) {
    int64 i = (int64)GROUP_ID * (THREADS / WARP) + (int)threadIdx.x / WARP;
    int64 row = i / columns;
    if (row >= rows) {
        return;
    }
    int column = (int)(i - row * columns);
    const T *left = x + row * depth;
    const T *right = weight + (int64)column * depth;
    float sum = 0.0f;
    for (int k = LANE; k < depth; k += WARP) sum = FMA(number(left[k]), number(right[k]), sum);
    UNROLL for (int by = 16; by > 0; by >>= 1) sum += __shfl_xor_sync(ALL_LANES, sum, by);
    if (LANE == 0) {
        float result[1] = {sum};
        if (f.has_bias) {
            result[0] += f.has_bias == 1 ? ((const float *)bias)[column] : number(((const T *)bias)[column]);
        }
        activate(f, result);
        y[i] = rounded<T>(result[0]);
    }
}

/* y[row, 8] from x[row, channel], with zeros behind it; one thread to a row. */
template <class T> FN void pad_channels(T *y, const T *x, int rows, int channels) {
    int row = GLOBAL_ID;
    if (row >= rows) {
        return;
    }
    const T *from = x + (int64)row * channels;
    uint words[4];
    UNROLL for (int i = 0; i < 4; i++) {
        uint first = 2 * i < channels ? from[2 * i].bits : 0;
        uint second = 2 * i + 1 < channels ? from[2 * i + 1].bits : 0;
        words[i] = first | second << 16;
    }
    *(uint4 *)(y + (int64)row * 8) = make_uint4(words[0], words[1], words[2], words[3]);
}

#define CHANNELS(dtype, T)                                                                                                     \
    FAST_KERNEL(THREADS) channel_sums_##dtype(float *sums, const T *x, Channels s) {                                           \
        channel_sums<T>(sums, x, s);                                                                                           \
    }                                                                                                                          \
    FAST_KERNEL(THREADS) channel_means_##dtype(T *y, const float *sums, Channels s) {                                          \
        channel_means<T>(y, sums, s);                                                                                          \
    }                                                                                                                          \
    FAST_KERNEL(THREADS) scale_channels_##dtype(T *y, const T *x, const T *factors, Channels s) {                              \
        scale_channels<T>(y, x, factors, s);                                                                                   \
    }                                                                                                                          \
    FAST_KERNEL(THREADS)                                                                                                       \
    narrow_linear_##dtype(T *y, const T *x, const T *weight, const void *bias, int rows, int columns, int depth, Finish f) {   \
        narrow_linear<T>(y, x, weight, bias, rows, columns, depth, f);                                                         \
    }                                                                                                                          \
    FAST_KERNEL(THREADS) pad_channels_##dtype(T *y, const T *x, int rows, int channels) {                                      \
        pad_channels<T>(y, x, rows, channels);                                                                                 \
    }

CHANNELS(bf16, Bf16)
CHANNELS(f16, F16)

//@hot channel_sums_bf16
//@hot channel_means_bf16
//@hot scale_channels_bf16
//@hot channel_sums_f16
//@hot channel_means_f16
//@hot scale_channels_f16
//@hot narrow_linear_bf16
//@hot narrow_linear_f16
//@hot pad_channels_bf16
//@hot pad_channels_f16
