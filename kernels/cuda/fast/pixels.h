/* Operands of a convolution, gathered from images [n, height, width, channels] while they are copied to shared memory: no
 * matrix of patches is ever in memory. Channels are a multiple of 8, so that 16 bytes belong to one tap. */
#ifndef REVERIE_FAST_PIXELS_H
#define REVERIE_FAST_PIXELS_H

#include "ring.h"
#include "window.h"

/* Lines are output pixels; the depth runs over (tap row, tap column, channel). */
template <class T, int N, int THREADS> struct Pixels {
    static constexpr bool TURNED = false;
    static constexpr int EACH = N * 4 / THREADS;

    const T *image[EACH];
    int row[EACH];
    int column[EACH];
    const T *safe;
    Window s;
    int channel;
    int tap_row;
    int tap_column;
    uint to;

    __device__ __forceinline__ Pixels(const T *x, const Window &window, int line0, int pixels, int first) : s(window) {
        int line = (int)threadIdx.x / 4;
        int k = first + (int)threadIdx.x % 4 * 8;
        int tap = k / s.channels;
        safe = x;
        channel = k - tap * s.channels;
        tap_row = tap / s.kernel_width;
        tap_column = tap - tap_row * s.kernel_width;
        to = place_in_lines(line, (int)threadIdx.x % 4);
        UNROLL for (int i = 0; i < EACH; i++) {
            Corner c = corner_of(s, line0 + line + i * (THREADS / 4), pixels);
            image[i] = x + (int64)c.image * s.height * s.width * s.channels;
            row[i] = c.row;
            column[i] = c.column;
        }
    }

    __device__ __forceinline__ void load(uint stage) {
        UNROLL for (int i = 0; i < EACH; i++) {
            int h = row[i] + tap_row * s.dilation_height;
            int w = column[i] + tap_column * s.dilation_width;
            bool there = tap_row < s.kernel_height && (uint)h < (uint)s.height && (uint)w < (uint)s.width;
            const T *from = there ? image[i] + ((int64)h * s.width + w) * s.channels + channel : safe;
            copy16(stage + to + i * (THREADS / 4) * 64, from, there);
        }
        channel += STEP;
        while (channel >= s.channels) {
            channel -= s.channels;
            if (++tap_column == s.kernel_width) {
                tap_column = 0;
                tap_row++;
            }
        }
    }
};

/* The depth is output pixels; lines are (tap, channel), which lie together: for the gradient of the weight. */
template <class T, int N, int THREADS> struct PixelRows {
    static constexpr bool TURNED = true;
    static constexpr int CHUNKS = N / 8;
    static constexpr int ROWS = THREADS / CHUNKS;
    static constexpr int EACH = STEP / ROWS;
    static_assert(ROWS % 8 == 0 && EACH >= 1 && N >= 64, "rows of a thread are turned alike");

    const T *x;
    Window s;
    int down;
    int right;
    int channel;
    bool inside;
    int pixel;
    int pixels;
    uint to;

    __device__ __forceinline__ PixelRows(const T *x, const Window &window, int line0, int first, int pixels)
        : x(x), s(window), pixels(pixels) {
        int chunk = (int)threadIdx.x % CHUNKS;
        int line = line0 + chunk * 8;
        int tap = line / s.channels;
        channel = line - tap * s.channels;
        down = tap / s.kernel_width;
        right = (tap - down * s.kernel_width) * s.dilation_width;
        inside = down < s.kernel_height;
        down *= s.dilation_height;
        pixel = first + (int)threadIdx.x / CHUNKS;
        to = place_in_rows<N>((int)threadIdx.x / CHUNKS, chunk);
    }

    __device__ __forceinline__ void load(uint stage) {
        UNROLL for (int i = 0; i < EACH; i++) {
            Corner c = corner_of(s, pixel + i * ROWS, pixels);
            int h = c.row + down;
            int w = c.column + right;
            bool there = inside && (uint)h < (uint)s.height && (uint)w < (uint)s.width;
            const T *from = there ? x + (((int64)c.image * s.height + h) * s.width + w) * s.channels + channel : x;
            copy16(stage + to + i * ROWS * 2 * N, from, there);
        }
        pixel += STEP;
    }
};

/* The weight [outputs, taps, channels] with the depth over (tap, output) and lines of channels: for the gradient of the
 * input, in which `outputs` are what is summed over. */
template <class T, int N, int THREADS> struct TapRows {
    static constexpr bool TURNED = true;
    static constexpr int CHUNKS = N / 8;
    static constexpr int ROWS = THREADS / CHUNKS;
    static constexpr int EACH = STEP / ROWS;
    static_assert(ROWS % 8 == 0 && EACH >= 1 && N >= 64, "rows of a thread are turned alike");

    const T *weight;
    int taps;
    int outputs;
    int channels;
    int column;
    int output[EACH];
    int tap[EACH];
    uint to;

    __device__ __forceinline__ TapRows(const T *weight, int taps, int outputs, int channels, int line0, int first)
        : weight(weight), taps(taps), outputs(outputs), channels(channels) {
        int chunk = (int)threadIdx.x % CHUNKS;
        int row = (int)threadIdx.x / CHUNKS;
        column = line0 + chunk * 8;
        to = place_in_rows<N>(row, chunk);
        UNROLL for (int i = 0; i < EACH; i++) {
            int k = first + row + i * ROWS;
            tap[i] = k / outputs;
            output[i] = k - tap[i] * outputs;
        }
    }

    __device__ __forceinline__ void load(uint stage) {
        UNROLL for (int i = 0; i < EACH; i++) {
            bool there = column < channels && tap[i] < taps;
            const T *from = there ? weight + ((int64)output[i] * taps + tap[i]) * channels + column : weight;
            copy16(stage + to + i * ROWS * 2 * N, from, there);
            output[i] += STEP;
            while (output[i] >= outputs) {
                output[i] -= outputs;
                tap[i]++;
            }
        }
    }
};

#endif
