/* Depthwise convolutions of 16-bit images [n, height, width, channels] with weights [tap row, tap column, channel], bias and
 * activation. A thread makes STRIP neighbouring pixels of eight channels: a column of the image is read once for all of the
 * strip's taps that need it. Channels are a multiple of 8. */
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

template <class T, int TAPS, int STRIDE>
FN void depthwise(T *y, const void *bias, const T *x, const T *weight, const Depthwise &s, const Finish &f) {
    constexpr int COLUMNS = (STRIP - 1) * STRIDE + TAPS;
    int chunks = s.channels / 8;
    int strips = (s.out_width + STRIP - 1) / STRIP;
    int i = GLOBAL_ID;
    int rest = i / chunks;
    int channel = (i - rest * chunks) * 8;
    int line = rest / strips;
    int column0 = (rest - line * strips) * STRIP;
    int image = line / s.out_height;
    int row = line - image * s.out_height;
    if (image >= s.images) {
        return;
    }
    float sum[STRIP][8];
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
    Eight<T> b = bias_of<T>(f, bias, channel);
    T *to = y + ((int64)line * s.out_width + column0) * s.channels + channel;
    UNROLL for (int p = 0; p < STRIP; p++) {
        if (column0 + p < s.out_width) {
            Eight<T> out;
            UNROLL for (int c = 0; c < 8; c++) out.v[c] = sum[p][c] + b.v[c];
            activate(f, out.v);
            out.to(to + (int64)p * s.channels);
        }
    }
}

#define DEPTHWISE(dtype, T, TAPS, STRIDE)                                                                                      \
    extern "C" __global__ __launch_bounds__(128, 3) void                                                                       \
    depthwise_##TAPS##x##TAPS##_by_##STRIDE##_##dtype(T *y, const void *bias, const T *x, const T *weight, Depthwise s,        \
                                                      Finish f) {                                                              \
        depthwise<T, TAPS, STRIDE>(y, bias, x, weight, s, f);                                                                  \
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
