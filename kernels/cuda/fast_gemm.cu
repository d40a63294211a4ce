/* Matrix products of 16-bit operands with binary32 sums, by mma: for sm_80 and later. */
//@device-only
#include "fast/ring.h"
#include "fast/splits.h"

template <bool TURNED, class T, int N, int THREADS> struct LoaderOf {
    typedef Lines<T, N, THREADS> Is;
};

template <class T, int N, int THREADS> struct LoaderOf<true, T, N, THREADS> {
    typedef Turned<T, N, THREADS> Is;
};

/* a: rows by depth, or turned, depth by rows; b: columns by depth, or turned, depth by columns. A stride is that of the
 * axis that does not lie together. Blocks: tiles along x, splits along y, the batch along z. */
template <class T, int BM, int BN, int WM, int WN, int STAGES, bool A_TURNED, bool B_TURNED>
FN void gemm(void *out, const void *residual, const void *bias, const T *a, const T *b, const Product &g, const Finish &f,
             int64 a_stride, int64 b_stride, int64 out_stride, int64 a_batch, int64 b_batch, int64 out_batch) {
    DYNAMIC_SHARED(memory);
    typedef Ring<T, BM, BN, WM, WN, STAGES> R;
    Part part = Part::of<BM, BN>(g);
    int64 batch = GROUP_ID_Z;
    typename LoaderOf<A_TURNED, T, BM, R::THREADS>::Is left(a + batch * a_batch, a_stride, part.row0, g.rows, part.first,
                                                            g.depth);
    typename LoaderOf<B_TURNED, T, BN, R::THREADS>::Is right(b + batch * b_batch, b_stride, part.column0, g.columns, part.first,
                                                             g.depth);
    R ring;
    ring.run(memory, left, right, part.steps);
    int64 place = g.splits > 1 ? (int64)GROUP_ID_Y * g.rows * g.columns : batch * out_batch;
    int size = f.wide ? 4 : 2;
    Target t = {(char *)out + place * size, (const char *)residual + place * size, bias, out_stride, g.rows, g.columns};
    ring.finish(memory, f, t, part.row0, part.column0);
}

#define GEMM(name, T, BM, BN, WM, WN, STAGES, A_TURNED, B_TURNED)                                                              \
    FAST_KERNEL((BM / WM) * (BN / WN) * WARP)                                                                                  \
    name(void *out, const void *residual, const void *bias, const T *a, const T *b, Product g, Finish f, int64 a_stride,          \
         int64 b_stride, int64 out_stride, int64 a_batch, int64 b_batch, int64 out_batch) {                                    \
        gemm<T, BM, BN, WM, WN, STAGES, A_TURNED, B_TURNED>(out, residual, bias, a, b, g, f, a_stride, b_stride, out_stride,   \
                                                            a_batch, b_batch, out_batch);                                      \
    }

/* nt: a's and b's depth lies together, as in a linear layer; nn: b is turned; tn: both are. */
#define GEMMS(dtype, T)                                                                                                        \
    GEMM(gemm_nt_128x128_##dtype, T, 128, 128, 64, 32, 4, false, false)                                                        \
    GEMM(gemm_nn_128x128_##dtype, T, 128, 128, 64, 32, 4, false, true)                                                         \
    GEMM(gemm_tn_128x128_##dtype, T, 128, 128, 64, 32, 4, true, true)                                                          \
    GEMM(gemm_nt_64x64_##dtype, T, 64, 64, 32, 32, 4, false, false)                                                            \
    GEMM(gemm_nn_64x64_##dtype, T, 64, 64, 32, 32, 4, false, true)                                                             \
    GEMM(gemm_tn_64x64_##dtype, T, 64, 64, 32, 32, 4, true, true)                                                              \
    GEMM(gemm_nt_128x256_##dtype, T, 128, 256, 64, 64, 3, false, false)                                                        \
    FAST_KERNEL(256)                                                                                                           \
    add_splits_##dtype(void *out, const void *residual, const void *bias, int64 stride, const float *parts, int splits,        \
                       int rows, int columns, Finish f) {                                                                      \
        add_splits<T>(out, residual, bias, stride, parts, splits, rows, columns, f);                                           \
    }

GEMMS(bf16, Bf16)
GEMMS(f16, F16)

//@hot gemm_nt_128x128_bf16
//@hot gemm_nn_128x128_bf16
//@hot gemm_tn_128x128_bf16
//@hot gemm_nt_64x64_bf16
//@hot gemm_nn_64x64_bf16
//@hot gemm_tn_64x64_bf16
//@hot gemm_nt_128x256_bf16
//@hot gemm_nt_128x128_f16
//@hot gemm_nn_128x128_f16
//@hot gemm_tn_128x128_f16
//@hot gemm_nt_64x64_f16
//@hot gemm_nn_64x64_f16
//@hot gemm_tn_64x64_f16
//@hot gemm_nt_128x256_f16
//@hot add_splits_bf16
//@hot add_splits_f16
