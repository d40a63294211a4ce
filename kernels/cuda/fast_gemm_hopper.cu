/* Matrix products of 16-bit operands with binary32 sums on Hopper: a warpgroup that lets the copy engine fill a ring of stages,
 * two that multiply by wgmma, blocks that stay for many tiles, results stored by the copy engine. For sm_90a alone. */
//@device-only
#include "fast/hopper.h"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
#define CLUSTER(blocks)
#else
#define CLUSTER(blocks) __cluster_dims__(blocks, 1, 1)
#endif

#define PRODUCER_REGISTERS 40
#define CONSUMER_REGISTERS 232

/* Fills the ring, tile after tile. A cluster's blocks each load half of the right operand, for both. */
template <int COLUMNS, int STAGES, int BLOCKS>
FN void produce(uint memory, const TensorMap *a, const TensorMap *b, const Job &g) {
    typedef Plan<COLUMNS, STAGES> P;
    int rank = BLOCKS > 1 ? cluster_rank() : 0;
    int items = items_of<COLUMNS, BLOCKS>(g);
    Turn<STAGES> turn;
    for (int i = GROUP_ID / BLOCKS; i < items; i += (int)gridDim.x / BLOCKS) {
        Item t = item_of<COLUMNS, BLOCKS>(g, i, rank);
        for (int s = 0; s < t.steps; s++) {
            uint full = full_barrier<STAGES>(memory + P::BARRIERS, turn.stage);
            uint left = memory + turn.stage * P::STAGE_BYTES;
            uint right = left + P::LEFT_BYTES;
            int k = (t.first + s) * DEPTH;
            wait_for_cluster_at(empty_barrier<STAGES>(memory + P::BARRIERS, turn.stage), turn.phase ^ 1);
            arrive_expecting(full, P::STAGE_BYTES);
            load_box(left, a, full, k, t.row, t.batch);
            if (BLOCKS == 1) {
                load_box(right, b, full, k, t.column, t.batch);
            } else {
                int half = rank * (COLUMNS / BLOCKS);
                load_box_for_all(right + half * DEPTH * 2, b, full, k, t.column + half, t.batch, (1 << BLOCKS) - 1);
            }
            turn.next();
        }
    }
}

/* a: [batch, rows, depth], b: [batch, columns, depth], out: [batch, rows, columns], contiguous but for what the maps say.
 * Every split has one step at least. Boxes: a 64 x 128, b 64 x COLUMNS / BLOCKS, out 64 x 16. */
template <class T, int COLUMNS, int STAGES, int BLOCKS>
FN void gemm_hopper(const TensorMap &a, const TensorMap &b, const TensorMap &out, void *parts, const void *residual,
                    const void *bias, const Job &g, const Finish &f) {
    DYNAMIC_SHARED(window);
    char *shared = aligned_memory<1024>(window);
    uint memory = shared_address(shared);
    make_barriers<COLUMNS, STAGES, BLOCKS>(memory, 1);
    if (threadIdx.x < WARPGROUP) {
        give_registers<PRODUCER_REGISTERS>();
        if (threadIdx.x == 0) {
            prefetch_map(&a);
            prefetch_map(&b);
            produce<COLUMNS, STAGES, BLOCKS>(memory, &a, &b, g);
        }
        __syncwarp();
    } else {
        take_registers<CONSUMER_REGISTERS>();
        consume<T, COLUMNS, STAGES, BLOCKS>(shared, &out, parts, residual, bias, g, f);
    }
    if (BLOCKS > 1) {
        cluster_barrier(); /* no block goes while another still arrives at its barriers */
    }
}

#if HOPPER
#define BODY(T, COLUMNS, STAGES, BLOCKS)                                                                                       \
    gemm_hopper<T, COLUMNS, STAGES, BLOCKS>(a, b, out, parts, residual, bias, g, f);
#else
#define BODY(T, COLUMNS, STAGES, BLOCKS)
#endif

#define GEMM_HOPPER(name, ATTRIBUTES, T, COLUMNS, STAGES, BLOCKS)                                                              \
    extern "C" __global__ ATTRIBUTES __launch_bounds__(3 * WARPGROUP, 1) void name(                                            \
        const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, const __grid_constant__ TensorMap out,       \
        void *parts, const void *residual, const void *bias, const __grid_constant__ Job g, const __grid_constant__ Finish f) {\
        BODY(T, COLUMNS, STAGES, BLOCKS)                                                                                       \
    }

/* A pair is a cluster of two blocks that share the right operand. */
#define GEMMS_HOPPER(dtype, T)                                                                                                 \
    GEMM_HOPPER(gemm_hopper_128x256_##dtype, , T, 256, 4, 1)                                                                   \
    GEMM_HOPPER(gemm_hopper_128x128_##dtype, , T, 128, 6, 1)                                                                   \
    GEMM_HOPPER(gemm_hopper_pair_128x256_##dtype, CLUSTER(2), T, 256, 4, 2)

GEMMS_HOPPER(bf16, Bf16)
GEMMS_HOPPER(f16, F16)

//@hot gemm_hopper_128x256_bf16
//@hot gemm_hopper_128x128_bf16
//@hot gemm_hopper_pair_128x256_bf16
//@hot gemm_hopper_128x256_f16
//@hot gemm_hopper_128x128_f16
//@hot gemm_hopper_pair_128x256_f16
