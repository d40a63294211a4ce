/* Attention of 16-bit tensors on Hopper, for heads of 64 and 128: the copy engine fills stages of keys and values, two warpgroups
 * of 64 queries multiply by wgmma and take turns at it, so that one works out exponentials while the other multiplies; within a
 * warpgroup the next scores are multiplied together with this step's values. For sm_90a alone. */
//@device-only
#include "fast/finish.h"
#include "fast/tma.h"
#include "fast/wgmma.h"

#define GROUPS 2
#define QUERIES (GROUPS * 64)
#define KEYS 128
#define STAGES 2
#define BOX 64 /* numbers of a row in one box: 128 bytes */
#define PRODUCER_REGISTERS 40
#define CONSUMER_REGISTERS 232

/* Barriers of the block, besides 0: one to each warpgroup that multiplies, for its turn, and one to each for itself. */
#define TURN 1
#define OWN (TURN + GROUPS)

/* org.reverie.device.cuda.FastAttention writes it; q, k and v are told by their maps, [batch, head, row, number]. */
typedef struct {
    int heads;
    int queries;
    int keys;
    int width; /* of a head: a multiple of 8, at most the kernel's WIDTH */
    int causal;
    float scale; /* times the logarithm of e to the base 2 */
    int out_batch;
    int out_head;
    int out_row;
} Heads;

#if HOPPER

template <int WIDTH> struct Plan {
    static constexpr int ROWS_BYTES = KEYS * WIDTH * 2; /* queries, keys of a stage, values of a stage: as many rows each */
    static constexpr int KEYS_AT = ROWS_BYTES;
    static constexpr int VALUES_AT = KEYS_AT + STAGES * ROWS_BYTES;
    static constexpr int BARRIERS = VALUES_AT + STAGES * ROWS_BYTES;
    static constexpr int BYTES = BARRIERS + 8 * (1 + 4 * STAGES);
};

/* The barriers: queries are there; keys, values are there; keys, values have been read. */
FN uint barrier_at(uint barriers, int kind, int stage) {
    return barriers + 8 * (kind == 0 ? 0 : 1 + (kind - 1) * STAGES + stage);
}

#define QUERIES_THERE 0
#define KEYS_THERE 1
#define VALUES_THERE 2
#define KEYS_READ 3
#define VALUES_READ 4

template <int WIDTH> FN void load_rows(uint to, const TensorMap *map, uint barrier, int row, int head, int batch) {
    arrive_expecting(barrier, Plan<WIDTH>::ROWS_BYTES);
    for (int b = 0; b < WIDTH / BOX; b++) {
        load_box(to + b * KEYS * BOX * 2, map, barrier, b * BOX, row, head, batch);
    }
}

FN int end_of_keys(const Heads &h) {
    return h.causal ? min(h.keys, (GROUP_ID + 1) * QUERIES) : h.keys;
}

template <int WIDTH>
FN void produce(uint memory, const TensorMap *q, const TensorMap *k, const TensorMap *v, const Heads &h) {
    typedef Plan<WIDTH> P;
    uint barriers = memory + P::BARRIERS;
    int batch = GROUP_ID_Y / h.heads;
    int head = GROUP_ID_Y - batch * h.heads;
    load_rows<WIDTH>(memory, q, barrier_at(barriers, QUERIES_THERE, 0), GROUP_ID * QUERIES, head, batch);
    int stage = 0;
    uint phase = 0;
    for (int key = 0; key < end_of_keys(h); key += KEYS) {
        wait_at(barrier_at(barriers, KEYS_READ, stage), phase ^ 1);
        load_rows<WIDTH>(memory + P::KEYS_AT + stage * P::ROWS_BYTES, k, barrier_at(barriers, KEYS_THERE, stage), key, head, batch);
        wait_at(barrier_at(barriers, VALUES_READ, stage), phase ^ 1);
        load_rows<WIDTH>(memory + P::VALUES_AT + stage * P::ROWS_BYTES, v, barrier_at(barriers, VALUES_THERE, stage), key, head,
                         batch);
        if (++stage == STAGES) {
            stage = 0;
            phase ^= 1;
        }
    }
}

/* A warpgroup's queries and what it has found of them so far. */
template <class T, int WIDTH> struct Consumer {
    typedef Plan<WIDTH> P;
    static constexpr int SCORES = KEYS / 2;

    uint memory;
    uint barriers;
    int group;
    int query0; /* of the thread's warp */
    float o[WIDTH / 2];
    uint p[SCORES / 2];
    float top[2];
    float sum[2];

    /* s = queries keys^T, asynchronously. */
    __device__ __forceinline__ void multiply_keys(float (&s)[SCORES], int stage) {
        uint queries = memory + group * 64 * BOX * 2;
        uint keys = memory + P::KEYS_AT + stage * P::ROWS_BYTES;
        UNROLL for (int k = 0; k < WIDTH / 16; k++) {
            uint at = k / 4 * (KEYS * BOX * 2) + k % 4 * 32;
            Products<T>::multiply(s, tile_descriptor(queries + at), tile_descriptor(keys + at), k);
        }
        commit_products();
    }

    /* o += p values, asynchronously. */
    __device__ __forceinline__ void multiply_values(int stage) {
        uint values = memory + P::VALUES_AT + stage * P::ROWS_BYTES;
        UNROLL for (int k = 0; k < KEYS / 16; k++) {
            const uint a[4] = {p[4 * k], p[4 * k + 1], p[4 * k + 2], p[4 * k + 3]};
            Products<T>::add(o, a, turned_descriptor(values + k * 16 * BOX * 2, KEYS * BOX * 2));
        }
        commit_products();
    }

    /* Makes exponentials of the scores of keys from key0 on, and adds them; by how much o and the sum so far shrink. */
    __device__ __forceinline__ void soften(float (&s)[SCORES], int key0, const Heads &h, float (&shrink)[2]) {
        if (key0 + KEYS > h.keys || h.causal && key0 + KEYS > query0) {
            UNROLL for (int i = 0; i < SCORES; i++) {
                int key = key0 + i / 4 * 8 + 2 * (LANE & 3) + (i & 1);
                int query = query0 + (LANE >> 2) + 8 * (i >> 1 & 1);
                if (key >= h.keys || h.causal && key > query) {
                    s[i] = -INFINITE;
                }
            }
        }
        UNROLL for (int half = 0; half < 2; half++) {
            float largest = top[half];
            UNROLL for (int i = 2 * half; i < SCORES; i += 4) {
                largest = s[i] > largest ? s[i] : largest;
                largest = s[i + 1] > largest ? s[i + 1] : largest;
            }
            UNROLL for (int by = 1; by < 4; by *= 2) {
                float other = __shfl_xor_sync(ALL_LANES, largest, by);
                largest = other > largest ? other : largest;
            }
            float base = largest == -INFINITE ? 0.0f : largest * h.scale;
            shrink[half] = power_of_two(top[half] * h.scale - base);
            top[half] = largest;
            float added = 0.0f;
            UNROLL for (int i = 2 * half; i < SCORES; i += 4) {
                s[i] = power_of_two(FMA(s[i], h.scale, -base));
                s[i + 1] = power_of_two(FMA(s[i + 1], h.scale, -base));
                added += s[i] + s[i + 1];
            }
            sum[half] = FMA(sum[half], shrink[half], added);
        }
    }

    /* No product may be under way. */
    __device__ __forceinline__ void take(const float (&s)[SCORES], const float (&shrink)[2]) {
        UNROLL for (int i = 0; i < SCORES / 2; i++) p[i] = T::pair(s[2 * i], s[2 * i + 1]);
        UNROLL for (int i = 0; i < WIDTH / 2; i++) o[i] *= shrink[i >> 1 & 1];
    }

    __device__ __forceinline__ void has_read(int kind, int stage) {
        if (LANE == 0) {
            arrive(barrier_at(barriers, kind, stage));
        }
    }

    __device__ __forceinline__ void run(const Heads &h) {
        float s[SCORES];
        float shrink[2];
        UNROLL for (int i = 0; i < WIDTH / 2; i++) o[i] = 0.0f;
        UNROLL for (int half = 0; half < 2; half++) {
            top[half] = -INFINITE;
            sum[half] = 0.0f;
        }
        int end = end_of_keys(h);
        int other = TURN + 1 - group;
        if (group == 1) {
            pass(TURN, 2 * WARPGROUP); /* the first turn is group 0's */
        }
        wait_at(barrier_at(barriers, QUERIES_THERE, 0), 0);
        wait_at(barrier_at(barriers, KEYS_THERE, 0), 0);
        meet(TURN + group, 2 * WARPGROUP);
        fence_products();
        multiply_keys(s, 0);
        pass(other, 2 * WARPGROUP);
        wait_for_products<0>();
        pin(s);
        has_read(KEYS_READ, 0);
        soften(s, 0, h, shrink);
        take(s, shrink);
        int stage = 0;
        uint phase = 0;
        for (int key0 = KEYS; key0 < end; key0 += KEYS) {
            int next = stage + 1 == STAGES ? 0 : stage + 1;
            uint next_phase = next == 0 ? phase ^ 1 : phase;
            wait_at(barrier_at(barriers, KEYS_THERE, next), next_phase);
            meet(TURN + group, 2 * WARPGROUP);
            fence_products();
            multiply_keys(s, next);
            wait_at(barrier_at(barriers, VALUES_THERE, stage), phase);
            multiply_values(stage);
            pass(other, 2 * WARPGROUP);
            wait_for_products<1>();
            pin(s);
            has_read(KEYS_READ, next);
            soften(s, key0, h, shrink); /* while the values are multiplied */
            wait_for_products<0>();
            pin(o);
            has_read(VALUES_READ, stage);
            take(s, shrink);
            stage = next;
            phase = next_phase;
        }
        wait_at(barrier_at(barriers, VALUES_THERE, stage), phase);
        fence_products();
        multiply_values(stage);
        wait_for_products<0>();
        pin(o);
        if (group == 0) {
            meet(TURN, 2 * WARPGROUP); /* takes what the other has passed last: a barrier is left as it was found */
        }
    }
};

/* out = softmax(scale q k^T) v. Blocks: QUERIES queries along x, heads of the batch along y. `sums` as in attention.h. */
template <class T, int WIDTH>
FN void attend(const TensorMap &q, const TensorMap &k, const TensorMap &v, T *out, float *sums, const Heads &h) {
    typedef Plan<WIDTH> P;
    DYNAMIC_SHARED(window);
    char *shared = aligned_memory<1024>(window);
    uint memory = shared_address(shared);
    uint barriers = memory + P::BARRIERS;
    if (threadIdx.x == 0) {
        barrier_init(barrier_at(barriers, QUERIES_THERE, 0), 1);
        for (int s = 0; s < STAGES; s++) {
            barrier_init(barrier_at(barriers, KEYS_THERE, s), 1);
            barrier_init(barrier_at(barriers, VALUES_THERE, s), 1);
            barrier_init(barrier_at(barriers, KEYS_READ, s), GROUPS * 4);
            barrier_init(barrier_at(barriers, VALUES_READ, s), GROUPS * 4);
        }
        fence_barriers();
    }
    __syncthreads();
    if (threadIdx.x < WARPGROUP) {
        give_registers<PRODUCER_REGISTERS>();
        if (threadIdx.x == 0) {
            produce<WIDTH>(memory, &q, &k, &v, h);
        }
    } else {
        take_registers<CONSUMER_REGISTERS>();
        Consumer<T, WIDTH> c;
        c.memory = memory;
        c.barriers = barriers;
        c.group = (int)threadIdx.x / WARPGROUP - 1;
        int row = (int)threadIdx.x / WARP % 4 * 16;
        c.query0 = GROUP_ID * QUERIES + c.group * 64 + row;
        c.run(h);
        UNROLL for (int by = 1; by < 4; by *= 2) {
            c.sum[0] += __shfl_xor_sync(ALL_LANES, c.sum[0], by);
            c.sum[1] += __shfl_xor_sync(ALL_LANES, c.sum[1], by);
        }
        if (sums != nullptr && (LANE & 3) == 0) {
            UNROLL for (int half = 0; half < 2; half++) {
                int query = c.query0 + (LANE >> 2) + 8 * half;
                if (query < h.queries) {
                    sums[(int64)GROUP_ID_Y * h.queries + query] =
                        FMA(c.top[half], h.scale, logarithm_of_two(c.sum[half]));
                }
            }
        }
        meet(OWN + c.group, WARPGROUP); /* the group's queries have been read: their place takes the output */
        T *head = out + (int64)(GROUP_ID_Y / h.heads) * h.out_batch + (int64)(GROUP_ID_Y % h.heads) * h.out_head;
        Target t = {head, nullptr, nullptr, h.out_row, h.queries, h.width};
        UNROLL for (int b = 0; b < WIDTH / BOX; b++) {
            float part[BOX / 8][4];
            UNROLL for (int j = 0; j < BOX / 8; j++) {
                UNROLL for (int e = 0; e < 4; e++) part[j][e] = c.o[(b * BOX / 8 + j) * 4 + e];
            }
            char *slab = shared + b * KEYS * BOX * 2 + (c.group * 64 + row) * BOX * 2;
            store_rows<T, BOX>(slab, part, 1.0f / c.sum[0], 1.0f / c.sum[1], t, c.query0, b * BOX);
        }
    }
}

#define BODY(T, WIDTH) attend<T, WIDTH>(q, k, v, out, sums, h);
#else
#define BODY(T, WIDTH)
#endif

/* Boxes of the maps: 64 numbers of 128 rows. */
#define ATTEND(dtype, T, WIDTH)                                                                                                \
    extern "C" __global__ __launch_bounds__((1 + GROUPS) * WARPGROUP, 1) void attend_hopper_##WIDTH##_##dtype(                 \
        const __grid_constant__ TensorMap q, const __grid_constant__ TensorMap k, const __grid_constant__ TensorMap v, T *out, \
        float *sums, const __grid_constant__ Heads h) {                                                                        \
        BODY(T, WIDTH)                                                                                                         \
    }

ATTEND(bf16, Bf16, 64)
ATTEND(bf16, Bf16, 128)
ATTEND(f16, F16, 64)
ATTEND(f16, F16, 128)

//@hot attend_hopper_64_bf16
//@hot attend_hopper_128_bf16
//@hot attend_hopper_64_f16
//@hot attend_hopper_128_f16
