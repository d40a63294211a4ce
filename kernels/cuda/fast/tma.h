/* Hopper's copy engine and the barriers in shared memory on which its copies, and threads, arrive. */
#ifndef REVERIE_FAST_TMA_H
#define REVERIE_FAST_TMA_H

#include "words.h"

#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || defined(REVERIE_EMULATED)
#define HOPPER 1
#else
#define HOPPER 0
#endif

#define WARPGROUP 128

/* A CUtensorMap, made by the driver on the host. */
struct alignas(64) TensorMap {
    char opaque[128];
};

/* The block's shared memory from a multiple of so many bytes on. */
template <int ALIGNMENT> FN char *aligned_memory(char *window) {
    static_assert((ALIGNMENT & ALIGNMENT - 1) == 0, "a power of two");
    return window + (ALIGNMENT - (shared_address(window) & ALIGNMENT - 1) & ALIGNMENT - 1);
}

#ifdef REVERIE_EMULATED
#include "emulated_tma.h"
#else

/* A phase of the barrier ends when `count` arrivals and all bytes that were announced have come. */
FN void barrier_init(uint barrier, int count) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory");
}

/* What was initialised is seen by the copy engine and by the blocks of the cluster. */
FN void fence_barriers() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

/* What this thread has stored in shared memory is seen by the copy engine and the matrix units. */
FN void fence_for_engine() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

FN void arrive(uint barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

/* Arrives at the barrier that lies at the same place in another block of the cluster. */
FN void arrive_at(uint barrier, int rank) {
    asm volatile("{.reg .b32 there; mapa.shared::cluster.u32 there, %0, %1;"
                 "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there];}" ::"r"(barrier),
                 "r"(rank)
                 : "memory");
}

/* Arrives, and announces bytes that copies will bring. */
FN void arrive_expecting(uint barrier, int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

/* Waits for the end of the phase of this parity; the phase before the first one counts as ended. */
FN void wait_at(uint barrier, uint parity) {
    asm volatile("{.reg .pred done; again: mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 done, [%0], %1;"
                 "@done bra.uni out; bra.uni again; out:}" ::"r"(barrier),
                 "r"(parity)
                 : "memory");
}

/* The same for a barrier at which other blocks of the cluster arrive. */
FN void wait_for_cluster_at(uint barrier, uint parity) {
    asm volatile("{.reg .pred done; again: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;"
                 "@done bra.uni out; bra.uni again; out:}" ::"r"(barrier),
                 "r"(parity)
                 : "memory");
}

FN void prefetch_map(const TensorMap *map) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* The box at these coordinates, zeros where it reaches over the tensor's edges; its bytes arrive at the barrier. */
FN void load_box(uint to, const TensorMap *map, uint barrier, int x, int y, int z) {
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], "
                 "[%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(x), "r"(y), "r"(z)
                 : "memory");
}

/* The same of a tensor of four axes. */
FN void load_box(uint to, const TensorMap *map, uint barrier, int x, int y, int z, int w) {
    asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, "
                 "%6}], [%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(x), "r"(y), "r"(z), "r"(w)
                 : "memory");
}

/* The same into the shared memory of all blocks of the cluster whose bits are set, each with its own barrier. */
FN void load_box_for_all(uint to, const TensorMap *map, uint barrier, int x, int y, int z, int blocks) {
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster [%0], "
                 "[%1, {%3, %4, %5}], [%2], %6;" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(x), "r"(y), "r"(z), "h"((ushort)blocks)
                 : "memory");
}

/* Stores a box; what reaches over the edges is left out. */
FN void store_box(const TensorMap *map, uint from, int x, int y, int z) {
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%2, %3, %4}], [%1];" ::"l"(map), "r"(from),
                 "r"(x), "r"(y), "r"(z)
                 : "memory");
}

FN void commit_stores() {
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

/* Waits until at most N groups of this thread's stores still read shared memory. */
template <int N> FN void wait_for_stores() {
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}

/* Waits until `count` threads have come to barrier `number` of the block, by this or by passing it. */
FN void meet(int number, int count) {
    asm volatile("bar.sync %0, %1;" ::"r"(number), "r"(count) : "memory");
}

FN void pass(int number, int count) {
    asm volatile("bar.arrive %0, %1;" ::"r"(number), "r"(count) : "memory");
}

FN int cluster_rank() {
    int rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

/* All threads of the cluster meet; shared memory that they have written is seen by all. */
FN void cluster_barrier() {
    asm volatile("barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

#endif
#endif
