/* The fibers behind threads.h: a thread of a block has a stack of its own and is left where it waits. */
#undef _FORTIFY_SOURCE
#include "threads.h"
#include "kernel.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

extern char __start_shared_memory[] __attribute__((weak));
extern char __stop_shared_memory[] __attribute__((weak));

Kernel *Kernel::first;

namespace simt {

static const size_t STACK = 256 << 10;
static const int BARRIERS = 16;
static const size_t ALIGNMENT = 1024;
static const size_t LARGEST_SHARED = 232448;
static const int MOST_THREADS = 1024;

/** Rounds in which nothing has happened, until the threads count as stuck: asynchronous work is late by chance. */
static const int PATIENCE = 2000;

/** Where threads meet, round after round. */
struct Meeting {
    int come = 0;
    long round = 0;
};

struct Copy {
    char *to;
    const char *from;
    unsigned bytes;
};

typedef std::vector<std::function<void()>> Works;

struct Fiber : Thread {
    ucontext_t first;
    jmp_buf at;
    bool born = false;
    bool done;
    const Meeting *waits; /* for the end of this round */
    long round;
    std::vector<Copy> copies;
    std::vector<size_t> copy_groups; /* how many of the copies each group that was committed ends with */
    std::deque<Works> groups[QUEUES];
    Works open[QUEUES];
};

struct Warp {
    void *brought[32];
    Meeting meeting;
    int threads = 0;
};

struct Block {
    dim3 index;
    int rank;
    char *shared;
    Meeting barriers[BARRIERS];
    Meeting everybody;
    int threads;
};

Thread *current;
dim3 grid_size, block_size;

/** The launch is over: a fiber cannot throw it itself. */
struct Failed {};

static jmp_buf scheduler;
static ucontext_t unused;
static bool on_fiber;
static bool failed;
static const Kernel *kernel;
static void **arguments;
static std::vector<Block> cluster;
static std::vector<Warp> warps;
static std::vector<std::unique_ptr<Fiber>> fibers;
static int threads_of_cluster;
static Meeting cluster_meeting;
static Works engine;
static long changes;
static std::mt19937 order(1);
static bool eager;
static size_t shared_bytes;

static Fiber *self() {
    return (Fiber *)current;
}

const dim3 &block_index() {
    return current->block->index;
}

int cluster_rank() {
    return current->block->rank;
}

void progress() {
    changes++;
}

char *shared_memory(int rank) {
    return cluster[rank].shared;
}

char *shared_memory() {
    return current->block->shared;
}

unsigned shared_offset(const void *p) {
    ptrdiff_t offset = (const char *)p - shared_memory();
    if (offset < 0 || (size_t)offset > shared_bytes) fail("an address that is not in the block's shared memory");
    return (unsigned)offset;
}

void fail(const char *what) {
    fprintf(stderr, "%s: %s", kernel->name, what);
    if (current) {
        dim3 b = block_index();
        fprintf(stderr, " (block %u %u %u, thread %u)", b.x, b.y, b.z, current->index.x);
    }
    fprintf(stderr, "\n");
    failed = true;
    if (on_fiber) _longjmp(scheduler, 1);
    throw Failed();
}

void yield() {
    if (!_setjmp(self()->at)) _longjmp(scheduler, 1);
}

static void end_round(Meeting &m) {
    m.come = 0;
    m.round++;
    progress();
}

static void meet(Meeting &m, int count) {
    if (++m.come == count) {
        end_round(m);
        return;
    }
    self()->waits = &m;
    self()->round = m.round;
    yield();
    self()->waits = nullptr;
}

/** A thread that has ended is waited for no more. */
static void leave(Meeting &m, int &threads) {
    if (--threads > 0 && m.come == threads) end_round(m);
}

void barrier(int number, int count) {
    meet(current->block->barriers[number], count);
}

void pass(int number, int count) {
    Meeting &m = current->block->barriers[number];
    if (++m.come == count) end_round(m);
    progress();
}

void block_barrier() {
    meet(current->block->everybody, current->block->threads);
}

void warp_barrier() {
    meet(current->warp->meeting, current->warp->threads);
}

void cluster_barrier() {
    meet(cluster_meeting, threads_of_cluster);
}

void collective(void *mine, void (*work)(void *const lanes[32])) {
    Warp *w = current->warp;
    if (w->threads < 32) fail("an operation of a whole warp, of which some threads have ended");
    w->brought[current->lane] = mine;
    if (w->meeting.come == 31) work(w->brought);
    meet(w->meeting, 32);
}

void later(std::function<void()> work) {
    if (eager) {
        work();
        progress();
    } else {
        engine.push_back(std::move(work));
    }
}

static void run(const Copy &c) {
    if (c.from) {
        memcpy(c.to, c.from, c.bytes);
    } else {
        memset(c.to, 0, c.bytes);
    }
}

void copy(void *to, const void *from, unsigned bytes) {
    Copy c = {(char *)to, (const char *)from, bytes};
    if (eager) {
        run(c);
    } else {
        self()->copies.push_back(c);
    }
}

void commit_copies() {
    self()->copy_groups.push_back(self()->copies.size());
}

void wait_for_copies(int groups_left) {
    Fiber *f = self();
    if ((int)f->copy_groups.size() <= groups_left) return;
    size_t ended = f->copy_groups.size() - (size_t)groups_left;
    size_t count = f->copy_groups[ended - 1];
    for (size_t i = 0; i < count; i++) run(f->copies[i]);
    f->copies.erase(f->copies.begin(), f->copies.begin() + (ptrdiff_t)count);
    f->copy_groups.erase(f->copy_groups.begin(), f->copy_groups.begin() + (ptrdiff_t)ended);
    for (size_t &g : f->copy_groups) g -= count;
}

void enqueue(Queue q, std::function<void()> work) {
    if (eager && q != PRODUCTS) {
        work();
    } else {
        self()->open[q].push_back(std::move(work));
    }
}

void commit(Queue q) {
    Fiber *f = self();
    f->groups[q].push_back(std::move(f->open[q]));
    f->open[q].clear();
}

void wait(Queue q, int groups_left) {
    Fiber *f = self();
    while ((int)f->groups[q].size() > groups_left) {
        for (auto &work : f->groups[q].front()) work();
        f->groups[q].pop_front();
    }
}

/** A fiber's life: one thread after another. */
static void live() {
    for (;;) {
        kernel->run(arguments);
        if (!self()->copies.empty()) fail("ends without having waited for its copies");
        self()->copy_groups.clear();
        for (int q = 0; q < QUEUES; q++) wait((Queue)q, 0);
        self()->done = true;
        leave(current->block->everybody, current->block->threads);
        leave(current->warp->meeting, current->warp->threads);
        progress();
        yield();
    }
}

static void prepare(Fiber *f) {
    if (f->first.uc_stack.ss_sp == nullptr) {
        void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stack == MAP_FAILED) {
            perror("a thread's stack");
            abort();
        }
        getcontext(&f->first);
        f->first.uc_stack.ss_sp = stack;
        f->first.uc_stack.ss_size = STACK;
        f->first.uc_link = &unused;
    }
    makecontext(&f->first, live, 0);
}

static void resume(Fiber *f) {
    current = f;
    on_fiber = true;
    if (!_setjmp(scheduler)) {
        if (f->born) _longjmp(f->at, 1);
        prepare(f);
        f->born = true;
        setcontext(&f->first);
    }
    on_fiber = false;
    current = nullptr;
    if (failed) throw Failed();
}

static void run_engine() {
    if (engine.empty() || order() % 2) return;
    size_t i = order() % engine.size();
    auto work = std::move(engine[i]);
    engine.erase(engine.begin() + (ptrdiff_t)i);
    work();
    progress();
}

static unsigned place(unsigned i, unsigned n, unsigned turn) {
    switch (turn % 3) {
    case 0: return i;
    case 1: return n - 1 - i;
    default: return (i + n / 2 + 1) % n;
    }
}

/** Runs the blocks of one cluster to their ends. */
static void run_cluster(unsigned turn) {
    int left = threads_of_cluster;
    int idle = 0;
    while (left > 0) {
        long before = changes;
        size_t first = order() % warps.size();
        for (size_t i = 0; i < warps.size(); i++) {
            size_t w = (first + i) % warps.size();
            if (order() % 4 == 0) continue;
            for (unsigned l = 0; l < 32; l++) {
                Fiber *f = fibers[w * 32 + place(l, 32, turn)].get();
                if (f->done || (f->waits && f->waits->round == f->round)) continue;
                resume(f);
                left -= f->done;
            }
            run_engine();
        }
        idle = changes == before ? idle + 1 : 0;
        if (idle > PATIENCE) {
            for (int i = 0; i < threads_of_cluster; i++) {
                if (!fibers[i]->done) current = fibers[i].get();
            }
            fail("its threads wait for each other for ever");
        }
    }
    while (!engine.empty()) run_engine();
}

/** Threads of a cluster at their beginning, in shared memory that is NaN in every format: what nobody wrote is seen. */
static void begin_cluster(unsigned first, unsigned blocks, unsigned threads) {
    static std::vector<char *> memories;
    while (memories.size() < blocks) memories.push_back((char *)aligned_alloc(ALIGNMENT, LARGEST_SHARED));
    memset(__start_shared_memory, 0xff, (size_t)(__stop_shared_memory - __start_shared_memory));
    cluster.assign(blocks, Block());
    cluster_meeting = Meeting();
    threads_of_cluster = (int)(threads * blocks);
    warps.assign((size_t)threads_of_cluster / 32, Warp());
    while ((int)fibers.size() < threads_of_cluster) fibers.push_back(std::make_unique<Fiber>());
    for (unsigned b = 0; b < blocks; b++) {
        unsigned i = first + b;
        cluster[b].index = dim3{i % grid_size.x, i / grid_size.x % grid_size.y, i / grid_size.x / grid_size.y};
        cluster[b].rank = (int)b;
        cluster[b].shared = memories[b];
        cluster[b].threads = (int)threads;
        memset(memories[b], 0xff, shared_bytes);
        for (unsigned t = 0; t < threads; t++) {
            unsigned at = b * threads + t;
            Fiber *f = fibers[at].get();
            f->index = dim3{t, 0, 0};
            f->lane = (int)t % 32;
            f->warp = &warps[at / 32];
            f->warp->threads++;
            f->block = &cluster[b];
            f->done = false;
            f->waits = nullptr;
        }
    }
}

} // namespace simt

using namespace simt;

bool run_grid(const Kernel &k, const unsigned (&grid)[3], unsigned size, unsigned shared, void **parameters) {
    if (size % 32 || size > MOST_THREADS || grid[0] % k.cluster || shared > LARGEST_SHARED) {
        fprintf(stderr, "%s: not with %u blocks of %u threads and %u bytes\n", k.name, grid[0], size, shared);
        return false;
    }
    kernel = &k;
    arguments = parameters;
    grid_size = dim3{grid[0], grid[1], grid[2]};
    block_size = dim3{size, 1, 1};
    shared_bytes = shared;
    failed = false;
    unsigned clusters = grid[0] * grid[1] * grid[2] / k.cluster;
    unsigned turn = (unsigned)order();
    try {
        for (unsigned i = 0; i < clusters; i++) {
            begin_cluster(place(i, clusters, turn) * k.cluster, k.cluster, size);
            run_cluster(turn);
        }
        return true;
    } catch (const Failed &) {
        engine.clear();
        for (auto &f : fibers) f = std::make_unique<Fiber>(); // what they were in the middle of is left as it is
        return false;
    }
}

/* From now on threads run in the order of this seed; asynchronous work is done at once if eager, else as late as may be. */
extern "C" __attribute__((visibility("default"))) void emulated_order(unsigned seed, int at_once) {
    order.seed(seed);
    eager = at_once != 0;
}
