/* Products on Hopper: the ring in shared memory, in which order blocks take tiles, and the two warpgroups that multiply and
 * store. What fills the ring is the kernels' own. */
#ifndef REVERIE_FAST_HOPPER_H
#define REVERIE_FAST_HOPPER_H

#include "finish.h"
#include "order.h"
#include "tma.h"
#include "wgmma.h"

#define ROWS 128
#define DEPTH 64
#define SLAB_COLUMNS 64
#define SLAB_BYTES (16 * SLAB_COLUMNS * 4)

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

/* Makes the barriers. A stage is full when `producers` have arrived, empty when all warps of the cluster that multiply have. */
template <int COLUMNS, int STAGES, int BLOCKS> FN void make_barriers(uint memory, int producers) {
    typedef Plan<COLUMNS, STAGES> P;
    if (threadIdx.x == 0) {
        for (int s = 0; s < STAGES; s++) {
            barrier_init(full_barrier<STAGES>(memory + P::BARRIERS, s), producers);
            barrier_init(empty_barrier<STAGES>(memory + P::BARRIERS, s), 8 * BLOCKS);
        }
        fence_barriers();
    }
    if (BLOCKS > 1) {
        cluster_barrier();
    } else {
        __syncthreads();
    }
}

#endif
