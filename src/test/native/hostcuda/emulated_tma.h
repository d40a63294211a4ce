/* Hopper's copy engine and barriers on a host. A copy is done some time after it was asked for, in an order drawn at random;
 * tensor maps are those of driver.cpp. */
#ifndef REVERIE_EMULATED_TMA_H
#define REVERIE_EMULATED_TMA_H

#include "tensor_map.h"

/* A barrier of 8 bytes in shared memory. */
struct EmulatedBarrier {
    uint8_t phase;
    uint8_t expected;
    uint8_t pending;
    uint8_t there;
    int32_t bytes;

    void look() {
        if (pending == 0 && bytes == 0) {
            phase ^= 1;
            pending = expected;
            simt::progress();
        }
    }
};

static inline EmulatedBarrier *barrier_of(char *memory, uint barrier) {
    if (barrier % 8) simt::fail("a barrier that is not aligned");
    EmulatedBarrier *b = (EmulatedBarrier *)(memory + barrier);
    if (b->there != 1) simt::fail("a barrier that was not initialised");
    return b;
}

static inline void barrier_init(uint barrier, int count) {
    *(EmulatedBarrier *)(simt::shared_memory() + barrier) = {0, (uint8_t)count, (uint8_t)count, 1, 0};
}

static inline void fence_barriers() {}

static inline void fence_for_engine() {}

static inline void arrive_in(char *memory, uint barrier, int bytes) {
    EmulatedBarrier *b = barrier_of(memory, barrier);
    if (b->pending == 0) simt::fail("more arrive at a barrier than it expects");
    b->pending--;
    b->bytes += bytes;
    b->look();
}

static inline void arrive(uint barrier) {
    arrive_in(simt::shared_memory(), barrier, 0);
}

static inline void arrive_at(uint barrier, int rank) {
    arrive_in(simt::shared_memory(rank), barrier, 0);
}

static inline void arrive_expecting(uint barrier, int bytes) {
    arrive_in(simt::shared_memory(), barrier, bytes);
}

static inline void wait_at(uint barrier, uint parity) {
    EmulatedBarrier *b = barrier_of(simt::shared_memory(), barrier);
    while (b->phase == (parity & 1)) simt::yield();
}

static inline void wait_for_cluster_at(uint barrier, uint parity) {
    wait_at(barrier, parity);
}

static inline void prefetch_map(const TensorMap *) {}

static inline void load_into(char *memory, uint to, const EmulatedMap &m, uint barrier, const int at[5]) {
    if (m.swizzle == 3 && to % 1024) simt::fail("a swizzled box that is not aligned");
    EmulatedBarrier *b = barrier_of(memory, barrier);
    b->bytes -= m.move(at, memory, to, true);
    b->look();
}

static inline void load_box(uint to, const TensorMap *map, uint barrier, int x, int y, int z) {
    EmulatedMap m = EmulatedMap::of(map);
    char *memory = simt::shared_memory();
    simt::later([=] {
        const int at[5] = {x, y, z, 0, 0};
        load_into(memory, to, m, barrier, at);
    });
}

static inline void load_box(uint to, const TensorMap *map, uint barrier, int x, int y, int z, int w) {
    EmulatedMap m = EmulatedMap::of(map);
    char *memory = simt::shared_memory();
    simt::later([=] {
        const int at[5] = {x, y, z, w, 0};
        load_into(memory, to, m, barrier, at);
    });
}

static inline void meet(int number, int count) {
    simt::barrier(number, count);
}

static inline void pass(int number, int count) {
    simt::pass(number, count);
}

static inline void load_box_for_all(uint to, const TensorMap *map, uint barrier, int x, int y, int z, int blocks) {
    EmulatedMap m = EmulatedMap::of(map);
    for (int rank = 0; blocks >> rank; rank++) {
        char *memory = simt::shared_memory(rank);
        simt::later([=] {
            const int at[5] = {x, y, z, 0, 0};
            load_into(memory, to, m, barrier, at);
        });
    }
}

static inline void store_box(const TensorMap *map, uint from, int x, int y, int z) {
    EmulatedMap m = EmulatedMap::of(map);
    char *memory = simt::shared_memory();
    simt::enqueue(simt::STORES, [=] {
        const int at[5] = {x, y, z, 0, 0};
        m.move(at, memory, from, false);
    });
}

static inline void commit_stores() {
    simt::commit(simt::STORES);
}

template <int N> void wait_for_stores() {
    simt::wait(simt::STORES, N);
}

static inline int cluster_rank() {
    return simt::cluster_rank();
}

static inline void cluster_barrier() {
    simt::cluster_barrier();
}

#endif
