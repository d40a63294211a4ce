/* The instructions of sm_80's matrix kernels: copies to shared memory beside the threads, loads of 8x8 matrices, and products
 * of 16x16 by 16x8. In an operand's fragment lane l holds of each 8x8 matrix the elements 2 (l % 4) and 2 (l % 4) + 1 of
 * row l / 4 (PTX ISA, "Matrix fragments for mma.m16n8k16"). */
#ifndef REVERIE_FAST_MMA_H
#define REVERIE_FAST_MMA_H

#include "words.h"

#ifdef REVERIE_EMULATED
#include "emulated_mma.h"
#else

/* 16 bytes to shared memory, or zeros; the address must be one that can be read even then. */
FN void copy16(uint to, const void *from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
}

/* The copies since the last commit are a group. */
FN void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits until at most N groups of this thread are under way. */
template <int N> FN void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/* Four 8x8 matrices; lane 8 i + r gives the address of row r of matrix i. */
FN void load_matrices(uint (&d)[4], uint row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
                 : "r"(row)
                 : "memory");
}

/* The same, each matrix turned over its diagonal. */
FN void load_turned(uint (&d)[4], uint row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
                 : "r"(row)
                 : "memory");
}

/* d += a b; a is 16 rows by 16, in 8x8 matrices down first; b is 16 by 8 columns, its columns in pairs of rows. */
template <class T> FN void multiply_add(float (&d)[4], const uint (&a)[4], uint b0, uint b1);

template <> __device__ __forceinline__ void multiply_add<Bf16>(float (&d)[4], const uint (&a)[4], uint b0, uint b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <> __device__ __forceinline__ void multiply_add<F16>(float (&d)[4], const uint (&a)[4], uint b0, uint b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#endif
#endif
