/* wgmma of sm_90a: 128 threads multiply 64 rows by N columns, both operands in shared memory as tiles of 64 of the depth (128
 * bytes) in the 128-byte swizzle. Lane l of warp w holds of d the elements 4 j and 4 j + 1: row 16 w + l / 4, columns
 * 8 j + 2 (l % 4) and the next; 4 j + 2 and 4 j + 3: the eighth row behind it. */
#ifndef REVERIE_FAST_WGMMA_H
#define REVERIE_FAST_WGMMA_H

#include "words.h"

/* The descriptor of a tile in shared memory: lines of 128 bytes, eight of them after 1024 bytes, 128-byte swizzle (PTX ISA,
 * "Matrix descriptor format"). 16 of the depth are 32 bytes further. */
FN uint64 tile_descriptor(uint address) {
    return (uint64)((address & 0x3ffff) >> 4) | (uint64)1 << 16 | (uint64)(1024 >> 4) << 32 | (uint64)1 << 62;
}

/* The same for a right operand whose lines lie together: boxes of 64 lines, 128 bytes to one of the depth, each box `box` bytes
 * after the one before. 16 of the depth are 2048 bytes further. */
FN uint64 turned_descriptor(uint address, int box) {
    return (uint64)((address & 0x3ffff) >> 4) | (uint64)(box >> 4) << 16 | (uint64)(1024 >> 4) << 32 | (uint64)1 << 62;
}

#ifdef REVERIE_EMULATED
#include "emulated_wgmma.h"
#else

/* Registers that were written are seen by the products that follow. */
FN void fence_products() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

FN void commit_products() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* Waits until at most N groups of products are under way. */
template <int N> FN void wait_for_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

/* Nothing of d is read or kept elsewhere across this place. */
template <int COUNT> FN void pin(float (&d)[COUNT]) {
    UNROLL for (int i = 0; i < COUNT; i++) asm volatile("" : "+f"(d[i])::"memory");
}

/* This warpgroup's threads have N registers from here on. */
template <int N> FN void take_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}

template <int N> FN void give_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}

/* The sums of a thread as operands 0, 1, 2, ... of an instruction, by their numbers and as what they are. */
#define SUMS_32                                                                                                        \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                           \
    "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define SUMS_64                                                                                                        \
    SUMS_32 ", "                                                                                                       \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                                 \
    "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define SUMS_128                                                                                                       \
    SUMS_64 ", "                                                                                                       \
    "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                                 \
    "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                                 \
    "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "                     \
    "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define EIGHT_OF(i)                                                                                                    \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define ALL_32_FROM(i) EIGHT_OF(i), EIGHT_OF(i + 8), EIGHT_OF(i + 16), EIGHT_OF(i + 24)
#define ALL_32 ALL_32_FROM(0)
#define ALL_64 ALL_32_FROM(0), ALL_32_FROM(32)
#define ALL_128 ALL_32_FROM(0), ALL_32_FROM(32), ALL_32_FROM(64), ALL_32_FROM(96)

/* d (+)= a b for 16 of the depth, N columns; without `add` d is overwritten. A, B and ADD: the operands behind the sums. */
#define MULTIPLY(TYPE, COUNT, N, A, B, ADD)                                                                            \
    static __device__ __forceinline__ void multiply(float (&d)[COUNT], uint64 a, uint64 b, int add) {                  \
        asm volatile("{.reg .pred p; setp.ne.b32 p, " ADD ", 0;"                                                       \
                     "wgmma.mma_async.sync.aligned.m64n" N "k16.f32." TYPE "." TYPE " {" SUMS_##COUNT "}, " A ", " B   \
                     ", p, 1, 1, 0, 0;}"                                                                               \
                     : ALL_##COUNT                                                                                     \
                     : "l"(a), "l"(b), "r"(add));                                                                      \
    }

/* d += a b; a stands in registers, b is turned. A: the operands of the four registers of a. */
#define ADD_TURNED(TYPE, COUNT, N, A, B)                                                                               \
    static __device__ __forceinline__ void add(float (&d)[COUNT], const uint (&a)[4], uint64 b) {                      \
        asm volatile("wgmma.mma_async.sync.aligned.m64n" N "k16.f32." TYPE "." TYPE " {" SUMS_##COUNT "}, {" A "}, " B \
                     ", 1, 1, 1, 1;"                                                                                   \
                     : ALL_##COUNT                                                                                     \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                                            \
    }

#define PRODUCTS(T, TYPE)                                                                                              \
    template <> struct Products<T> {                                                                                   \
        MULTIPLY(TYPE, 32, "64", "%32", "%33", "%34")                                                                  \
        MULTIPLY(TYPE, 64, "128", "%64", "%65", "%66")                                                                 \
        MULTIPLY(TYPE, 128, "256", "%128", "%129", "%130")                                                             \
        ADD_TURNED(TYPE, 32, "64", "%32, %33, %34, %35", "%36")                                                        \
        ADD_TURNED(TYPE, 64, "128", "%64, %65, %66, %67", "%68")                                                       \
    };

template <class T> struct Products;

PRODUCTS(Bf16, "bf16")
PRODUCTS(F16, "f16")

#endif
#endif
