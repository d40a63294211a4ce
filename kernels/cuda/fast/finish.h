/* What follows a contraction in the same kernel: scale, bias, residual and activation in binary32, one rounding to the
 * output's dtype, and whole lines to memory. */
#ifndef REVERIE_FAST_FINISH_H
#define REVERIE_FAST_FINISH_H

#include "words.h"

#define FINISH_NONE 0
#define FINISH_CLAMP 1
#define FINISH_SWISH 2
#define FINISH_ERF 3
#define FINISH_LOGISTIC 4

/* org.reverie.device.cuda.FastFinish writes it. */
typedef struct {
    int activation; /* one of FINISH_ */
    float p;        /* clamp: smallest; swish: x sigmoid(p x + q x^3); logistic: p sigmoid(q x) + r */
    float q;        /* clamp: largest */
    float r;
    float scale;
    int has_bias; /* one number to a column: 1 in binary32, 2 in the operands' dtype */
    int has_residual;
    int residual_stride; /* elements from row to row; 0 repeats one row */
    int wide; /* whether the output is binary32 */
} Finish;

FN float logistic(float x) {
    return __fdividef(1.0f, 1.0f + power_of_two(-LOG2_E * x));
}

/* erf, off by 2e-7 at most: Abramowitz and Stegun, 7.1.26. */
FN float error_function(float x) {
    float size = MAGNITUDE(x);
    float t = __fdividef(1.0f, FMA(0.3275911f, size, 1.0f));
    float p = FMA(1.061405429f, t, -1.453152027f);
    p = FMA(p, t, 1.421413741f);
    p = FMA(p, t, -0.284496736f);
    p = FMA(p, t, 0.254829592f);
    float y = FMA(-p * t, power_of_two(-LOG2_E * size * size), 1.0f);
    return x < 0.0f ? -y : y;
}

template <int N> FN void activate(const Finish &f, float (&x)[N]) {
    switch (f.activation) {
    case FINISH_CLAMP:
        UNROLL for (int i = 0; i < N; i++) x[i] = x[i] < f.p ? f.p : x[i] > f.q ? f.q : x[i];
        break;
    case FINISH_SWISH:
        UNROLL for (int i = 0; i < N; i++) x[i] = x[i] * logistic(x[i] * (f.p + f.q * x[i] * x[i]));
        break;
    case FINISH_ERF:
        UNROLL for (int i = 0; i < N; i++) x[i] = 0.5f * x[i] * (1.0f + error_function(x[i] * 0.70710678f));
        break;
    case FINISH_LOGISTIC:
        UNROLL for (int i = 0; i < N; i++) x[i] = f.p * logistic(f.q * x[i]) + f.r;
        break;
    default: break;
    }
}

/* Eight parameters from c on. kind: 0 absent, which stands for a number; 1 in binary32, 2 in the operands' dtype. */
template <class T> FN Eight<T> parameters(int kind, const void *p, int c, float otherwise) {
    if (kind == 1) {
        return Eight<T>::of_floats((const float *)p + c);
    }
    return kind == 2 ? Eight<T>::at((const T *)p + c) : Eight<T>::all(otherwise);
}

/* Eight biases from column c on. */
template <class T> FN Eight<T> bias_of(const Finish &f, const void *bias, int c) {
    return parameters<T>(f.has_bias, bias, c, 0.0f);
}

/* Where in memory an output lies. Numbers count elements; columns is a multiple of 8. */
typedef struct {
    void *out;
    const void *residual; /* of the output's dtype; unused without one */
    const void *bias;
    int64 stride;
    int rows;
    int columns;
} Target;

/* What follows the sums of eight neighbouring columns. */
template <class T> FN void finish_eight(Eight<T> &x, const Finish &f, const Target &t, int row, int column) {
    Eight<T> b = bias_of<T>(f, t.bias, column);
    UNROLL for (int i = 0; i < 8; i++) x.v[i] = FMA(f.scale, x.v[i], b.v[i]);
    if (f.has_residual) {
        int64 at = (int64)row * f.residual_stride + column;
        Eight<T> r = f.wide ? Eight<T>::of_floats((const float *)t.residual + at) : Eight<T>::at((const T *)t.residual + at);
        UNROLL for (int i = 0; i < 8; i++) x.v[i] += r.v[i];
    }
    activate(f, x.v);
}

template <class T> FN void store_eight(const Eight<T> &x, const Finish &f, const Target &t, int row, int column) {
    int64 at = row * t.stride + column;
    if (f.wide) {
        x.to_floats((float *)t.out + at);
    } else {
        x.to((T *)t.out + at);
    }
}

/* Where 16 bytes of a row of 16-bit numbers lie in shared memory: rows of LINE bytes (64 or 128), so turned that eight rows at
 * one column, or a row at all columns, lie in different banks. With lines of 128 bytes it is the 128-byte swizzle of the tensor
 * maps. */
template <int LINE> FN uint swizzled(int row, int chunk) {
    return LINE == 128 ? row * 128 + ((chunk ^ (row & 7)) << 4) : row * 64 + ((chunk ^ (row >> 1 & 3)) << 4);
}

/* The same for 16 rows of WIDTH sums in binary32, to which a warp's accumulators go: a chunk is four of them. */
template <int WIDTH> FN uint place_of_sums(int row, int chunk) {
    return row * 4 * WIDTH + ((chunk ^ (row & 3) << 1) << 4);
}

/* Finishes 16 rows and WIDTH columns of a warp's accumulators, d[j] holding columns 8 j + 2 (lane % 4) and the next, of row
 * lane / 4 and of the eighth row behind it, through a slab of 64 WIDTH bytes. They go to memory, or, if KEEP, stay in the slab
 * as rows of 128 bytes for the copy engine. */
template <class T, int WIDTH, bool KEEP>
FN void finish_rows(char *slab, float (&d)[WIDTH / 8][4], const Finish &f, const Target &t, int row0, int column0) {
    static_assert(!KEEP || WIDTH == 64, "lines of the copy engine have 128 bytes");
    constexpr int CHUNKS = WIDTH / 8;
    UNROLL for (int j = 0; j < CHUNKS; j++) {
        int row = LANE >> 2;
        int chunk = 2 * j + (LANE >> 1 & 1);
        int in = 8 * (LANE & 1);
        *(float2 *)(slab + place_of_sums<WIDTH>(row, chunk) + in) = make_float2(d[j][0], d[j][1]);
        *(float2 *)(slab + place_of_sums<WIDTH>(row + 8, chunk) + in) = make_float2(d[j][2], d[j][3]);
    }
    __syncwarp();
#pragma unroll 1 /* once for all accumulators: activations are long */
    for (int i = LANE; i < 16 * CHUNKS; i += WARP) {
        int row = i / CHUNKS;
        int chunk = i % CHUNKS;
        Eight<T> x = Eight<T>::of_floats((const float *)(slab + place_of_sums<WIDTH>(row, 2 * chunk)));
        bool inside = row0 + row < t.rows && column0 + 8 * chunk < t.columns;
        if (inside) {
            finish_eight(x, f, t, row0 + row, column0 + 8 * chunk);
        }
        if (KEEP) {
            __syncwarp(); /* the rows lie where sums of this turn or of those before it were */
            *(uint4 *)(slab + swizzled<128>(row, chunk)) = x.packed();
        } else if (inside) {
            store_eight(x, f, t, row0 + row, column0 + 8 * chunk);
        }
    }
    __syncwarp();
}

/* The same with nothing to follow but a factor for each of the lane's two rows, through a slab of 32 WIDTH bytes. */
template <class T, int WIDTH>
FN void store_rows(char *slab, const float (&d)[WIDTH / 8][4], float upper, float lower, const Target &t, int row0, int column0) {
    constexpr int CHUNKS = WIDTH / 8;
    int line = LANE >> 2;
    UNROLL for (int j = 0; j < CHUNKS; j++) {
        char *at = slab + swizzled<2 * WIDTH>(line, j) + 4 * (LANE & 3);
        *(uint *)at = T::pair(upper * d[j][0], upper * d[j][1]);
        *(uint *)(at + 8 * 2 * WIDTH) = T::pair(lower * d[j][2], lower * d[j][3]);
    }
    __syncwarp();
    for (int i = LANE; i < 16 * CHUNKS; i += WARP) {
        int row = i / CHUNKS;
        int chunk = i % CHUNKS;
        if (row0 + row < t.rows && column0 + 8 * chunk < t.columns) {
            *(uint4 *)((T *)t.out + (row0 + row) * t.stride + column0 + 8 * chunk) =
                *(const uint4 *)(slab + swizzled<2 * WIDTH>(row, chunk));
        }
    }
    __syncwarp();
}

#endif
