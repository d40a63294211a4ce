/* How a block of threads brings its part of an operand to shared memory: STEP columns of k by T rows, as [k][row] with LINE
 * floats to a k. Rows and k beyond the end become zeros; they are never added to an element that is stored. */
#ifndef REVERIE_OPERANDS_CUH
#define REVERIE_OPERANDS_CUH

#include "../common/dialect.h"
#include "async.cuh"

#define STEP 16

/* Eight rows to a thread, and eight columns. Four floats of padding let the lanes of a warp write [8 k][4 rows] at once. */
template <int T>
struct Block {
    static constexpr int THREADS = T * T / 64;
    static constexpr int LINE = T + 4;
    static constexpr int FLOATS = STEP * LINE;
};

#define ALONG_K 0
#define ALONG_ROWS 1
#define FOUR_ROWS 2

/* Element (i, k) lies at i row + k step. Lanes read neighbours of k, or of i, or four of i each: then row is 1, step and
 * where the operand begins are multiples of 4, and so is the number of rows. */
typedef struct {
    int row;
    int step;
    int order;
} Matrix;

template <int T>
struct MatrixTile {
    Matrix m;
    const float *base; /* a parameter of the kernel, and so in no register */
    int from;
    int rows;

    /* From row `first` of `count`, and from k on. */
    __device__ __forceinline__ void begin(int first, int count, int k) {
        from += first * m.row + k * m.step;
        rows = count - first;
    }

    __device__ __forceinline__ void put(float *to, int i, int k, int n) {
        copy_async(to + k * Block<T>::LINE + i, base + (from + i * m.row + k * m.step), i < rows && k < n);
    }

    /* The next STEP of k, of which n are there. */
    __device__ __forceinline__ void load(float *to, int n) {
        int t = anew(LOCAL_ID); /* nothing of the addresses is kept from one step to the next: the sums need the registers */
        if (m.order == ALONG_K) {
#pragma unroll
            for (int half = 0; half < STEP; half += 8) {
#pragma unroll
                for (int j = 0; j < T; j += Block<T>::THREADS / 8) {
                    put(to, t / 8 + j, half + t % 8, n);
                }
            }
        } else if (m.order == ALONG_ROWS) {
#pragma unroll
            for (int j = 0; j < STEP; j += Block<T>::THREADS / T) {
                put(to, t % T, t / T + j, n);
            }
        } else {
            int i = t % (T / 4) * 4;
#pragma unroll
            for (int j = 0; j < STEP; j += Block<T>::THREADS / (T / 4)) {
                int k = t / (T / 4) + j;
                copy_async_4(to + k * Block<T>::LINE + i, base + (from + i + k * m.step), i < rows && k < n);
            }
        }
        from += STEP * m.step;
    }
};

/* Rows are the pixels of a grid [images, down, right]; k runs over taps and the channels of x[images, height, width,
 * channels], or those of one group of them: its pixels lie `pixel` numbers apart. Tap (a, b) of pixel (r, c) looks at (r stride + origin + a move, ...). So does a convolution; so does the input
 * gradient of one, for the pixels of one phase of its stride, with the taps turned around. */
typedef struct {
    int height;
    int width;
    int channels;
    int pixel;
    int down;
    int right;
    int stride_height;
    int stride_width;
    int origin_height;
    int origin_width;
    int move_height;
    int move_width;
    int tap_columns;
} Window;

#define FAR_OUTSIDE (-(1 << 29))

template <int T>
struct WindowTile {
    Window s;
    const float *base;
    int from;
    int group;   /* its first channel */
    int4 *pixel; /* shared: of each row where its image and group begin, its top and its left */
    int tap_row;
    int tap_column;
    int channel;

    __device__ __forceinline__ void begin(int first, int count, int k) {
        for (int i = LOCAL_ID; i < T; i += Block<T>::THREADS) {
            int m = first + i;
            int image = m / s.right / s.down;
            pixel[i] = make_int4(image * s.height * s.width * s.pixel + group,
                                 m < count ? m / s.right % s.down * s.stride_height + s.origin_height : FAR_OUTSIDE,
                                 m % s.right * s.stride_width + s.origin_width, 0);
        }
        int own = k + LOCAL_ID % 8;
        int tap = own / s.channels;
        channel = own - tap * s.channels;
        tap_row = tap / s.tap_columns;
        tap_column = tap - tap_row * s.tap_columns;
    }

    __device__ __forceinline__ void load(float *to, int n) {
        int t = anew(LOCAL_ID);
#pragma unroll
        for (int half = 0; half < STEP; half += 8) {
            int k = half + t % 8;
#pragma unroll
            for (int j = 0; j < T; j += Block<T>::THREADS / 8) {
                int i = t / 8 + j;
                int4 p = pixel[i];
                int h = p.y + tap_row * s.move_height;
                int w = p.z + tap_column * s.move_width;
                bool there = k < n && (unsigned)h < (unsigned)s.height && (unsigned)w < (unsigned)s.width;
                copy_async(to + k * Block<T>::LINE + i,
                           there ? base + (from + p.x + (h * s.width + w) * s.pixel + channel) : base, there);
            }
            channel += 8;
            while (channel >= s.channels) {
                channel -= s.channels;
                if (++tap_column == s.tap_columns) {
                    tap_column = 0;
                    tap_row++;
                }
            }
        }
    }
};

/* The other way around: rows are taps and channels of the window, k runs over the pixels of the grid. */
template <int T>
struct TapTile {
    Window s;
    const float *base;
    int from; /* this thread's channel of the first pixel of the image that k is in */
    int top;
    int left;
    int down;
    int right;

    __device__ __forceinline__ void begin(int first, int count, int k) {
        int i = first + LOCAL_ID % T;
        int tap = i / s.channels;
        top = i < count ? tap / s.tap_columns * s.move_height + s.origin_height : FAR_OUTSIDE;
        left = tap % s.tap_columns * s.move_width + s.origin_width;
        int own = k + LOCAL_ID / T;
        right = own % s.right;
        down = own / s.right % s.down;
        from += own / s.right / s.down * s.height * s.width * s.pixel + i - tap * s.channels;
    }

    __device__ __forceinline__ void load(float *to, int n) {
        int t = anew(LOCAL_ID);
        int i = t % T;
#pragma unroll
        for (int j = 0; j < STEP; j += Block<T>::THREADS / T) {
            int k = t / T + j;
            int h = down * s.stride_height + top;
            int w = right * s.stride_width + left;
            bool there = k < n && (unsigned)h < (unsigned)s.height && (unsigned)w < (unsigned)s.width;
            copy_async(to + k * Block<T>::LINE + i,
                       there ? base + (from + (h * s.width + w) * s.pixel) : base, there);
            right += Block<T>::THREADS / T;
            while (right >= s.right) {
                right -= s.right;
                if (++down == s.down) {
                    down = 0;
                    from += s.height * s.width * s.pixel;
                }
            }
        }
    }
};

#endif
