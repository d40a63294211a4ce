/* Matrix products of 16-bit operands with binary32 sums on Hopper: a warpgroup that lets the copy engine fill a ring of stages,
 * two that multiply by wgmma, blocks that stay for many tiles, results stored by the copy engine. For sm_90a alone. */
//@device-only
#include "fast/order.h"
#include "fast/finish.h"
#include "fast/tma.h"
#include "fast/wgmma.h"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
#define CLUSTER(blocks)
#else
#define CLUSTER(blocks) __cluster_dims__(blocks, 1, 1)
#endif

#define ROWS 128
#define DEPTH 64
#define SLAB_COLUMNS 64
#define SLAB_BYTES (16 * SLAB_COLUMNS * 4)
#define PRODUCER_REGISTERS 40
#define CONSUMER_REGISTERS 232

/* A batch of products; parts is where splits write theirs, [splits][rows][columns] in binary32. */
typedef struct {
    int rows;
    int columns;
    int depth;
    int batch;
    int splits;
} Job;

/* One tile of one product, or one split of it. */
typedef struct {
    int row;
    int column;
    int batch;
    int split;
    int first;
    int steps;
} Item;

/* The shared memory of a block: stages, then a slab for sums of 16 rows to each consuming warp, then barriers. */
template <int COLUMNS, int STAGES> struct Plan {
    static constexpr int LEFT_BYTES = ROWS * DEPTH * 2;
    static constexpr int RIGHT_BYTES = COLUMNS * DEPTH * 2;
    static constexpr int STAGE_BYTES = LEFT_BYTES + RIGHT_BYTES;
    static constexpr int SLABS = STAGES * STAGE_BYTES;
    static constexpr int BARRIERS = SLABS + 8 * SLAB_BYTES;
    static constexpr int BYTES = BARRIERS + 2 * STAGES * 8;
};

/* Where in the ring a thread is. */
template <int STAGES> struct Turn {
    int stage = 0;
    uint phase = 0;

    __device__ __forceinline__ void next() {
        if (++stage == STAGES) {
            stage = 0;
            phase ^= 1;
        }
    }
};

template <int COLUMNS, int BLOCKS> FN int items_of(const Job &g) {
    int down = (g.rows + ROWS * BLOCKS - 1) / (ROWS * BLOCKS);
    int across = (g.columns + COLUMNS - 1) / COLUMNS;
    return down * across * g.batch * g.splits;
}

/* Item number i of a cluster; its blocks take neighbouring tiles of rows. */
template <int COLUMNS, int BLOCKS> FN Item item_of(const Job &g, int i, int rank) {
    int down = (g.rows + ROWS * BLOCKS - 1) / (ROWS * BLOCKS);
    int across = (g.columns + COLUMNS - 1) / COLUMNS;
    int tiles = down * across;
    int rest = i / tiles;
    Place p = place_of<16 / BLOCKS>(i - rest * tiles, down, across);
    int steps = (g.depth + DEPTH - 1) / DEPTH;
    Item t;
    t.row = (p.row * BLOCKS + rank) * ROWS;
    t.column = p.column * COLUMNS;
    t.batch = rest / g.splits;
    t.split = rest - t.batch * g.splits;
    t.first = first_step(t.split, g.splits, steps);
    t.steps = first_step(t.split + 1, g.splits, steps) - t.first;
    return t;
}

template <int STAGES> FN uint full_barrier(uint barriers, int stage) {
    return barriers + 8 * stage;
}

template <int STAGES> FN uint empty_barrier(uint barriers, int stage) {
    return barriers + 8 * (STAGES + stage);
}

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

/* This warp has read a stage: every block that fills it is told. */
template <int STAGES, int BLOCKS> FN void release(uint barriers, int stage) {
    if (BLOCKS == 1) {
        if (LANE == 0) {
            arrive(empty_barrier<STAGES>(barriers, stage));
        }
    } else if (LANE < BLOCKS) {
        arrive_at(empty_barrier<STAGES>(barriers, stage), LANE);
    }
}

/* A warp's 16 rows to memory, 64 columns at a time through its slab. */
template <class T, int COLUMNS>
FN void store_tile(char *slab, float (&d)[COLUMNS / 2], const TensorMap *out, const Finish &f, const Target &t, int row,
                   int column, int batch) {
    UNROLL for (int c = 0; c < COLUMNS / SLAB_COLUMNS; c++) {
        float part[SLAB_COLUMNS / 8][4];
        UNROLL for (int j = 0; j < SLAB_COLUMNS / 8; j++) {
            UNROLL for (int e = 0; e < 4; e++) part[j][e] = d[(c * (SLAB_COLUMNS / 8) + j) * 4 + e];
        }
        int column0 = column + c * SLAB_COLUMNS;
        if (f.wide) {
            finish_rows<T, SLAB_COLUMNS, false>(slab, part, f, t, row, column0);
            continue;
        }
        if (LANE == 0) {
            wait_for_stores<0>(); /* of the slab before this one, which lay here */
        }
        __syncwarp();
        finish_rows<T, SLAB_COLUMNS, true>(slab, part, f, t, row, column0);
        fence_for_engine();
        __syncwarp();
        if (LANE == 0) {
            store_box(out, shared_address(slab), column0, row, batch);
            commit_stores();
        }
    }
}

template <class T, int COLUMNS, int STAGES, int BLOCKS>
FN void consume(char *shared, const TensorMap *out, void *parts, const void *residual, const void *bias, const Job &g,
                const Finish &f) {
    typedef Plan<COLUMNS, STAGES> P;
    uint memory = shared_address(shared);
    int group = (int)threadIdx.x / WARPGROUP - 1;
    int warp = (int)threadIdx.x / WARP - WARPGROUP / WARP;
    char *slab = shared + P::SLABS + warp * SLAB_BYTES;
    int rank = BLOCKS > 1 ? cluster_rank() : 0;
    int items = items_of<COLUMNS, BLOCKS>(g);
    Turn<STAGES> turn;
    for (int i = GROUP_ID / BLOCKS; i < items; i += (int)gridDim.x / BLOCKS) {
        Item t = item_of<COLUMNS, BLOCKS>(g, i, rank);
        float d[COLUMNS / 2];
        int before = 0;
        for (int s = 0; s < t.steps; s++) {
            wait_at(full_barrier<STAGES>(memory + P::BARRIERS, turn.stage), turn.phase);
            uint stage = memory + turn.stage * P::STAGE_BYTES;
            uint64 left = tile_descriptor(stage + group * 64 * DEPTH * 2);
            uint64 right = tile_descriptor(stage + P::LEFT_BYTES);
            fence_products();
            UNROLL for (int k = 0; k < DEPTH / 16; k++) {
                Products<T>::multiply(d, left + 2 * k, right + 2 * k, s + k);
            }
            commit_products();
            wait_for_products<1>();
            if (s > 0) {
                release<STAGES, BLOCKS>(memory + P::BARRIERS, before);
            }
            before = turn.stage;
            turn.next();
        }
        wait_for_products<0>();
        pin(d);
        release<STAGES, BLOCKS>(memory + P::BARRIERS, before);
        int64 place = (int64)(g.splits > 1 ? t.split : t.batch) * g.rows * g.columns;
        int size = f.wide ? 4 : 2;
        Target target = {(char *)parts + place * size, (const char *)residual + place * size, bias, g.columns, g.rows,
                         g.columns};
        store_tile<T, COLUMNS>(slab, d, out, f, target, t.row + group * 64 + warp % 4 * 16, t.column, t.batch);
    }
    if (LANE == 0) {
        wait_for_stores<0>();
    }
}

/* a: [batch, rows, depth], b: [batch, columns, depth], out: [batch, rows, columns], contiguous but for what the maps say.
 * Every split has one step at least. Boxes: a 64 x 128, b 64 x COLUMNS / BLOCKS, out 64 x 16. */
template <class T, int COLUMNS, int STAGES, int BLOCKS>
FN void gemm_hopper(const TensorMap &a, const TensorMap &b, const TensorMap &out, void *parts, const void *residual,
                    const void *bias, const Job &g, const Finish &f) {
    typedef Plan<COLUMNS, STAGES> P;
    DYNAMIC_SHARED(window);
    char *shared = window + (1024 - (shared_address(window) & 1023) & 1023);
    uint memory = shared_address(shared);
    if (threadIdx.x == 0) {
        for (int s = 0; s < STAGES; s++) {
            barrier_init(full_barrier<STAGES>(memory + P::BARRIERS, s), 1);
            barrier_init(empty_barrier<STAGES>(memory + P::BARRIERS, s), 8 * BLOCKS);
        }
        fence_barriers();
    }
    if (BLOCKS > 1) {
        cluster_barrier();
    } else {
        __syncthreads();
    }
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
