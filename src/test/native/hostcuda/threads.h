/* What the emulated instructions ask of the threads: every thread of a block is a fiber of one OS thread, warps meet in their
 * collective operations, blocks (or clusters) run one after the other. What a GPU does asynchronously is put off for as long as
 * the program allows, or done at once, and fibers run in an order drawn from a seed, so that a missing wait or barrier shows.
 * Not modelled: memory shared by ordinary and asynchronous accesses without a proxy fence, and time. */
#ifndef REVERIE_HOST_THREADS_H
#define REVERIE_HOST_THREADS_H

#include <cstdint>
#include <functional>

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

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

/** Waits for all threads of the block that have not ended. */
void block_barrier();

/** Waits for all threads of the warp that have not ended. */
void warp_barrier();

/** Waits for all threads of the cluster. */
void cluster_barrier();

/** Ends the launch with a message that names the thread. */
[[noreturn]] void fail(const char *what);

/** The dynamic shared memory of a block of the cluster: address 0 is its first byte. */
char *shared_memory(int rank);

/** The running block's. */
char *shared_memory();

unsigned shared_offset(const void *p);

/** Meets the other 31 lanes; the last to come does the work, with what each lane brought. */
void collective(void *mine, void (*work)(void *const lanes[32]));

/** Work of an engine beside the threads, done some time later. */
void later(std::function<void()> work);

/** A copy of the running thread, zeros if `from` is null. Copies are committed in groups and waited for. */
void copy(void *to, const void *from, unsigned bytes);
void commit_copies();
void wait_for_copies(int groups_left);

/** Queues of other asynchronous work of the running thread, one to a kind. */
enum Queue { PRODUCTS, STORES, QUEUES };
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

} // namespace simt

#endif
