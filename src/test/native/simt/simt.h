/* CUDA C++ on a host, for tests: every thread of a block is a fiber of one OS thread, warps meet in their collective
 * operations, blocks (or clusters) run one after the other. What a GPU does asynchronously is put off for as long as the
 * program allows, or done at once, and fibers run in an order drawn from a seed, so that a missing wait or barrier shows.
 * Not modelled: memory shared by ordinary and asynchronous accesses without a proxy fence, and time. */
#ifndef REVERIE_SIMT_H
#define REVERIE_SIMT_H

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>

#define REVERIE_EMULATED
#define __CUDACC__
#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
struct alignas(8) int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
static inline uint2 make_uint2(unsigned x, unsigned y) {
    return {x, y};
}
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
    return {x, y, z, w};
}
static inline float2 make_float2(float x, float y) {
    return {x, y};
}
static inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}

namespace simt {

struct Warp;
struct Block;

/** What the running fiber is. */
struct Thread {
    dim3 index;
    int lane;
    Warp *warp;
    Block *block;
};

extern Thread *current;
extern dim3 grid_size, block_size;

const dim3 &block_index();

/** The rank of the running block in its cluster. */
int cluster_rank();

/** Lets others run. Whoever waits in a loop calls it. */
void yield();

/** Something has changed for which others may wait; a block in which nothing does any more is stuck. */
void progress();

/** Waits until `count` threads of the block have come to this barrier. */
void barrier(int number, int count);

/** Comes to a barrier without waiting there. */
void pass(int number, int count);

/** Waits for all threads of the cluster. */
void cluster_barrier();

/** Ends the launch with a message that names the thread. */
[[noreturn]] void fail(const char *what);

/** The shared memory of a block of the cluster: address 0 is its first byte. */
char *shared_memory(int rank);

/** The running block's. */
char *shared_memory();

unsigned shared_offset(const void *p);

/** Meets the other 31 lanes; the last to come does the work, with what each lane brought. */
void collective(void *mine, void (*work)(void *const lanes[32]));

/** Whether asynchronous work is done at once instead of as late as may be. */
bool eager();

/** Work of an engine beside the threads, done some time later. */
void later(std::function<void()> work);

/** Queues of asynchronous work of the running thread, one to a kind: groups are committed and waited for. */
enum Queue { COPIES, PRODUCTS, STORES, QUEUES };
void enqueue(Queue q, std::function<void()> work);
void commit(Queue q);
void wait(Queue q, int groups_left);

template <class V> V exchange(V value, int from, unsigned mask) {
    struct Offer {
        V value;
        int from;
        V result;
    } offer = {value, from, value};
    if (mask != 0xffffffffu) fail("a shuffle of less than the whole warp");
    collective(&offer, [](void *const lanes[32]) {
        for (int i = 0; i < 32; i++) {
            Offer *o = (Offer *)lanes[i];
            o->result = ((Offer *)lanes[o->from & 31])->value;
        }
    });
    return offer.result;
}

typedef void (*Thunk)(void **parameters);

/** Makes a kernel known to emulated_launch: the build writes one for every kernel of a source. */
struct Listed {
    Listed(const char *name, int cluster, Thunk thunk);
};

template <auto F> struct Call;
template <class... A, void (*F)(A...)> struct Call<F> {
    template <class V> static V read(const void *p) {
        std::remove_const_t<V> v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    template <size_t... I> static void with(void **p, std::index_sequence<I...>) {
        F(read<A>(p[I])...);
    }
    static void run(void **p) {
        with(p, std::index_sequence_for<A...>());
    }
};

} // namespace simt

#define threadIdx (simt::current->index)
#define blockIdx (simt::block_index())
#define blockDim (simt::block_size)
#define gridDim (simt::grid_size)

static inline void __syncthreads() {
    simt::barrier(0, (int)simt::block_size.x);
}
static inline void __syncwarp(unsigned = 0xffffffffu) {
    simt::collective(nullptr, [](void *const *) {});
}
template <class V> V __shfl_sync(unsigned mask, V v, int from) {
    return simt::exchange(v, from, mask);
}
template <class V> V __shfl_xor_sync(unsigned mask, V v, int bits) {
    return simt::exchange(v, simt::current->lane ^ bits, mask);
}
template <class V> V __shfl_down_sync(unsigned mask, V v, int by) {
    int from = simt::current->lane + by;
    return simt::exchange(v, from < 32 ? from : simt::current->lane, mask);
}

template <class To, class From> static inline To same_bits(From from) {
    To to;
    static_assert(sizeof to == sizeof from, "sizes differ");
    std::memcpy(&to, &from, sizeof to);
    return to;
}
static inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}
static inline float __fsqrt_rn(float x) {
    return std::sqrt(x);
}
static inline int __float_as_int(float x) {
    return same_bits<int>(x);
}
static inline float __int_as_float(int x) {
    return same_bits<float>(x);
}
static inline unsigned __float_as_uint(float x) {
    return same_bits<unsigned>(x);
}
static inline float __uint_as_float(unsigned x) {
    return same_bits<float>(x);
}
static inline unsigned __umulhi(unsigned a, unsigned b) {
    return (unsigned)((uint64_t)a * b >> 32);
}
static inline int __clzll(long long x) {
    return x == 0 ? 64 : __builtin_clzll((unsigned long long)x);
}
static inline float __fdividef(float a, float b) {
    return a / b;
}
static inline float exp2_approximately(float x) {
    return std::exp2(x);
}
template <class V> static inline V __ldg(const V *p) {
    return *p;
}
template <class V> static inline V min(V a, V b) {
    return b < a ? b : a;
}
template <class V> static inline V max(V a, V b) {
    return a < b ? b : a;
}

#endif
