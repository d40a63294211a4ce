/* What nvcc gives to kernels, for g++: with this included first, the sources of kernels/cuda compile for the host, where
 * driver.cpp runs them. Threads of a block take turns; a thread goes on until it comes to a barrier or to its end. */
#ifndef REVERIE_HOST_DEVICE_H
#define REVERIE_HOST_DEVICE_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#define __CUDACC__ 1
#define __global__ __attribute__((visibility("default")))
#define __device__
#define __forceinline__ inline
#define __constant__
#define __shared__ static __attribute__((section("shared_memory")))
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) int2 {
    int x, y;
};
struct alignas(8) float2 {
    float x, y;
};
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }

void __syncthreads();
void __syncwarp(unsigned mask = ~0u);

/* Hands a word from every lane of the warp to every other. */
uint32_t exchange(uint32_t mine, unsigned from);

template <class T>
T exchange_as(T mine, unsigned from) {
    static_assert(sizeof(T) == 4, "words only");
    uint32_t word;
    memcpy(&word, &mine, 4);
    word = exchange(word, from);
    memcpy(&mine, &word, 4);
    return mine;
}

template <class T>
T __shfl_sync(unsigned, T mine, int lane, int = 32) {
    return exchange_as(mine, (unsigned)lane & 31);
}
template <class T>
T __shfl_xor_sync(unsigned, T mine, int mask, int = 32) {
    return exchange_as(mine, (threadIdx.x & 31) ^ (unsigned)mask);
}
template <class T>
T __shfl_down_sync(unsigned, T mine, unsigned by, int = 32) {
    unsigned lane = threadIdx.x & 31;
    return exchange_as(mine, lane + by < 32 ? lane + by : lane);
}

static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline int __float_as_int(float x) {
    int i;
    memcpy(&i, &x, 4);
    return i;
}
static inline float __int_as_float(int i) {
    float x;
    memcpy(&x, &i, 4);
    return x;
}
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll((unsigned long long)x); }

/* The copies of kernels/cuda/async.cuh, which end as late as is allowed: when they are waited for. */
#define REVERIE_ASYNC_CUH
void copy_async(float *to, const float *from, bool there);
void copy_async_4(float *to, const float *from, bool there);
static inline int anew(int x) { return x; }
void copies_commit();
void copies_wait(int groups);
template <int GROUPS>
void copies_wait() {
    copies_wait(GROUPS);
}

/* Every kernel is entered in a list by its name, with what unpacks its parameters. */
struct Kernel {
    const char *name;
    void (*run)(void **parameters);
    const unsigned *sizes;
    unsigned count;
    Kernel *next;
    static Kernel *first;

    Kernel(const char *name, void (*run)(void **), const unsigned *sizes, unsigned count)
        : name(name), run(run), sizes(sizes), count(count), next(first) {
        first = this;
    }
};

template <auto F>
struct Entry;
template <class... A, void (*F)(A...)>
struct Entry<F> {
    static constexpr unsigned sizes[] = {sizeof(A)...};
    static constexpr unsigned count = sizeof...(A);

    static void run(void **p) { run(p, std::index_sequence_for<A...>{}); }

    template <size_t... I>
    static void run(void **p, std::index_sequence<I...>) {
        F(*(std::remove_cv_t<A> *)p[I]...);
    }
};

#define ENTER(f) static Kernel enter_##f(#f, Entry<f>::run, Entry<f>::sizes, Entry<f>::count);

#endif
