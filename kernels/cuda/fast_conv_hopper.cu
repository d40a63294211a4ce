/* Convolutions of 16-bit images on Hopper: as the products of fast_gemm_hopper.cu, but the left operand is gathered from the
 * image by all threads of the first warpgroup, 16 bytes at a time, into the swizzle that wgmma reads. One group; channels and
 * outputs are multiples of 8, images less than 32768 pixels high and wide, of less than 2^31 numbers. For sm_90a alone. */
//@device-only
#include "fast/hopper.h"
#include "fast/mma.h"
#include "fast/window.h"

#define PRODUCER_REGISTERS 88
#define CONSUMER_REGISTERS 208

/* Stages whose copies are under way while the next is asked for. */
#define LAG 2

/* The lines of a stage that a thread gathers: one piece of 16 bytes of every sixteenth. */
#define EACH 8
#define APART (ROWS / EACH)

/* A thread's pieces: output pixels, and where in the depth, which runs over (tap row, tap column, channel). */
template <class T> struct Pieces {
    const T *x;
    int place[EACH];  /* of the first tap's first channel; may be outside, where it is not read */
    int corner[EACH]; /* row and column of the first tap, 16 bits each */
    int channel;
    int tap_row;
    int tap_column;

    __device__ __forceinline__ Pieces(const T *x, const Window &s, int pixel, int pixels, int k) : x(x) {
        int tap = k / s.channels;
        channel = k - tap * s.channels;
        tap_row = tap / s.kernel_width;
        tap_column = tap - tap_row * s.kernel_width;
        UNROLL for (int i = 0; i < EACH; i++) {
            Corner c = corner_of(s, pixel + i * APART, pixels);
            int row = c.row == FAR_OUTSIDE ? -(1 << 14) : c.row;
            place[i] = (int)(((uint)(c.image * s.height + row) * s.width + c.column) * s.channels);
            corner[i] = row * 65536 + (c.column & 0xffff);
        }
    }

    __device__ __forceinline__ void load(uint to, const Window &s) {
        int down = tap_row * s.dilation_height;
        int right = tap_column * s.dilation_width;
        const T *tap = x + (int64)(down * s.width + right) * s.channels + channel;
        UNROLL for (int i = 0; i < EACH; i++) {
            int h = (corner[i] >> 16) + down;
            int w = (int)(short)corner[i] + right;
            bool there = tap_row < s.kernel_height && (uint)h < (uint)s.height && (uint)w < (uint)s.width;
            copy16(to + i * APART * DEPTH * 2, there ? tap + place[i] : x, there);
        }
        channel += DEPTH;
        while (channel >= s.channels) {
            channel -= s.channels;
            if (++tap_column == s.kernel_width) {
                tap_column = 0;
                tap_row++;
            }
        }
    }
};

/* This warp's copies of a stage have come, and the matrix units may read them. */
template <int STAGES> FN void hand_over(uint barriers, Turn<STAGES> &ready) {
    fence_for_engine();
    __syncwarp();
    if (LANE == 0) {
        arrive(full_barrier<STAGES>(barriers, ready.stage));
    }
    ready.next();
}

template <class T, int COLUMNS, int STAGES>
FN void gather(uint memory, const T *x, const TensorMap *weight, const Window &s, const Job &g) {
    typedef Plan<COLUMNS, STAGES> P;
    uint barriers = memory + P::BARRIERS;
    int piece = (int)threadIdx.x % (DEPTH / 8);
    int first = (int)threadIdx.x / (DEPTH / 8);
    int items = items_of<COLUMNS, 1>(g);
    int under_way = 0;
    Turn<STAGES> turn;
    Turn<STAGES> ready;
    for (int i = GROUP_ID; i < items; i += (int)gridDim.x) {
        Item t = item_of<COLUMNS, 1>(g, i, 0);
        Pieces<T> pieces(x, s, t.row + first, g.rows, t.first * DEPTH + piece * 8);
        for (int step = 0; step < t.steps; step++) {
            uint left = memory + turn.stage * P::STAGE_BYTES;
            wait_at(empty_barrier<STAGES>(barriers, turn.stage), turn.phase ^ 1);
            if (threadIdx.x == 0) {
                uint full = full_barrier<STAGES>(barriers, turn.stage);
                arrive_expecting(full, P::RIGHT_BYTES);
                load_box(left + P::LEFT_BYTES, weight, full, (t.first + step) * DEPTH, t.column, 0);
            }
            __syncwarp();
            pieces.load(left + swizzled<128>(first, piece), s);
            commit_copies();
            turn.next();
            if (under_way == LAG) {
                wait_for_copies<LAG>();
                hand_over<STAGES>(barriers, ready);
            } else {
                under_way++;
            }
        }
    }
    wait_for_copies<0>();
    for (; under_way > 0; under_way--) {
        hand_over<STAGES>(barriers, ready);
    }
}

/* y[pixel, output] = sum over (tap, channel) of x[pixel at tap, channel] weight[output, tap, channel]. Boxes of the maps:
 * weight 64 x COLUMNS, y 64 x 16. */
template <class T, int COLUMNS, int STAGES>
FN void convolve_hopper(const TensorMap &weight, const TensorMap &y, const T *x, void *parts, const void *residual,
                        const void *bias, const Window &s, const Job &g, const Finish &f) {
    DYNAMIC_SHARED(window);
    char *shared = aligned_memory<1024>(window);
    uint memory = shared_address(shared);
    make_barriers<COLUMNS, STAGES, 1>(memory, 1 + WARPGROUP / WARP);
    if (threadIdx.x < WARPGROUP) {
        give_registers<PRODUCER_REGISTERS>();
        gather<T, COLUMNS, STAGES>(memory, x, &weight, s, g);
    } else {
        take_registers<CONSUMER_REGISTERS>();
        consume<T, COLUMNS, STAGES, 1>(shared, &y, parts, residual, bias, g, f);
    }
}

#if HOPPER
#define BODY(T, COLUMNS, STAGES) convolve_hopper<T, COLUMNS, STAGES>(weight, y, x, parts, residual, bias, s, g, f);
#else
#define BODY(T, COLUMNS, STAGES)
#endif

#define CONVOLVE_HOPPER(dtype, T, COLUMNS, STAGES)                                                                             \
    extern "C" __global__ __launch_bounds__(3 * WARPGROUP, 1) void convolve_hopper_128x##COLUMNS##_##dtype(                    \
        const __grid_constant__ TensorMap weight, const __grid_constant__ TensorMap y, const T *x, void *parts,                \
        const void *residual, const void *bias, const __grid_constant__ Window s, const __grid_constant__ Job g,               \
        const __grid_constant__ Finish f) {                                                                                    \
        BODY(T, COLUMNS, STAGES)                                                                                               \
    }

CONVOLVE_HOPPER(bf16, Bf16, 256, 4)
CONVOLVE_HOPPER(bf16, Bf16, 128, 6)
CONVOLVE_HOPPER(f16, F16, 256, 4)
CONVOLVE_HOPPER(f16, F16, 128, 6)

//@hot convolve_hopper_128x256_bf16
//@hot convolve_hopper_128x128_bf16
//@hot convolve_hopper_128x256_f16
//@hot convolve_hopper_128x128_f16
