/* Convolutions of 16-bit images [n, height, width, channels] with filters [outputs, tap row, tap column, channels] as matrix
 * products whose left operand is gathered (implicit GEMM), by mma: for sm_80 and later. One group; channels and outputs are
 * multiples of 8. */
//@device-only
#include "fast/pixels.h"

template <class R>
FN void finish_part(R &ring, char *memory, const Product &g, const Part &part, const Finish &f, void *out,
                    const void *residual, const void *bias) {
    int64 place = g.splits > 1 ? (int64)GROUP_ID_Y * g.rows * g.columns : 0;
    Target t = {(char *)out + place * (f.wide ? 4 : 2), residual, bias, g.columns, g.rows, g.columns};
    ring.finish(memory, f, t, part.row0, part.column0);
}

/* y[pixel, output] = sum over (tap, channel) of x[pixel at tap, channel] weight[output, tap, channel]. */
template <class T, int BM, int BN, int WM, int WN>
FN void convolve(void *y, const void *residual, const void *bias, const T *x, const T *weight, const Window &s, const Product &g,
                 const Finish &f) {
    DYNAMIC_SHARED(memory);
    typedef Ring<T, BM, BN, WM, WN, 4> R;
    Part part = Part::of<BM, BN>(g);
    Pixels<T, BM, R::THREADS> left(x, s, part.row0, g.rows, part.first);
    Lines<T, BN, R::THREADS> right(weight, g.depth, part.column0, g.columns, part.first, g.depth);
    R ring;
    ring.run(memory, left, right, part.steps);
    finish_part(ring, memory, g, part, f, y, residual, bias);
}

/* dx[pixel, channel] = sum over (tap, output) of g[pixel from tap, output] weight[output, tap, channel], for strides of 1:
 * s describes the walk over g, with as many channels as the convolution has outputs, and taps that go backward. */
template <class T, int BM, int BN, int WM, int WN>
FN void convolve_back(void *dx, const T *slope, const T *weight, const Window &s, const Product &g, const Finish &f) {
    DYNAMIC_SHARED(memory);
    typedef Ring<T, BM, BN, WM, WN, 4> R;
    Part part = Part::of<BM, BN>(g);
    Pixels<T, BM, R::THREADS> left(slope, s, part.row0, g.rows, part.first);
    TapRows<T, BN, R::THREADS> right(weight, s.kernel_height * s.kernel_width, s.channels, g.columns, part.column0, part.first);
    R ring;
    ring.run(memory, left, right, part.steps);
    finish_part(ring, memory, g, part, f, dx, nullptr, nullptr);
}

/* dw[output, (tap, channel)] = sum over pixels of g[pixel, output] x[pixel at tap, channel]. */
template <class T, int BM, int BN, int WM, int WN>
FN void convolve_weights(void *dw, const T *x, const T *slope, const Window &s, const Product &g, const Finish &f) {
    DYNAMIC_SHARED(memory);
    typedef Ring<T, BM, BN, WM, WN, 4> R;
    Part part = Part::of<BM, BN>(g);
    Turned<T, BM, R::THREADS> left(slope, s.outputs, part.row0, g.rows, part.first, g.depth);
    PixelRows<T, BN, R::THREADS> right(x, s, part.column0, part.first, g.depth);
    R ring;
    ring.run(memory, left, right, part.steps);
    finish_part(ring, memory, g, part, f, dw, nullptr, nullptr);
}

#define CONVOLUTIONS(dtype, T, BM, BN, WM, WN)                                                                                 \
    FAST_KERNEL((BM / WM) * (BN / WN) * WARP)                                                                                  \
    convolve_##BM##x##BN##_##dtype(void *y, const void *residual, const void *bias, const T *x, const T *weight, Window s,     \
                                   Product g, Finish f) {                                                                      \
        convolve<T, BM, BN, WM, WN>(y, residual, bias, x, weight, s, g, f);                                                    \
    }                                                                                                                          \
    FAST_KERNEL((BM / WM) * (BN / WN) * WARP)                                                                                  \
    convolve_back_##BM##x##BN##_##dtype(void *dx, const T *slope, const T *weight, Window s, Product g, Finish f) {            \
        convolve_back<T, BM, BN, WM, WN>(dx, slope, weight, s, g, f);                                                          \
    }                                                                                                                          \
    FAST_KERNEL((BM / WM) * (BN / WN) * WARP)                                                                                  \
    convolve_weights_##BM##x##BN##_##dtype(void *dw, const T *x, const T *slope, Window s, Product g, Finish f) {              \
        convolve_weights<T, BM, BN, WM, WN>(dw, x, slope, s, g, f);                                                            \
    }

CONVOLUTIONS(bf16, Bf16, 128, 128, 64, 32)
CONVOLUTIONS(bf16, Bf16, 64, 64, 32, 32)
CONVOLUTIONS(f16, F16, 128, 128, 64, 32)
CONVOLUTIONS(f16, F16, 64, 64, 32, 32)

//@hot convolve_128x128_bf16
//@hot convolve_64x64_bf16
//@hot convolve_128x128_f16
//@hot convolve_64x64_f16
//@hot convolve_back_128x128_bf16
//@hot convolve_back_64x64_bf16
//@hot convolve_back_128x128_f16
//@hot convolve_back_64x64_f16
//@hot convolve_weights_128x128_bf16
//@hot convolve_weights_64x64_bf16
//@hot convolve_weights_128x128_f16
//@hot convolve_weights_64x64_f16
