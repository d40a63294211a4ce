/* The fibers behind simt.h, and the door by which libcuda.c starts kernels. */
#undef _FORTIFY_SOURCE
#include "simt.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <ucontext.h>
#include <vector>

namespace simt {

static const size_t STACK = 256 << 10;
static const int BARRIERS = 16;
static const size_t ALIGNMENT = 1024;

struct Fiber : Thread {
    ucontext_t first;
    jmp_buf at;
    bool started = false;
    bool done = false;
    std::deque<std::vector<std::function<void()>>> groups[QUEUES];
    std::vector<std::function<void()>> open[QUEUES];
};

struct Meeting {
    int come = 0;
    long round = 0;
};

struct Warp {
    void *brought[32];
    Meeting meeting;
};

struct Block {
    dim3 index;
    int rank;
    char *shared;
    Meeting barriers[BARRIERS];
};

Thread *current;
dim3 grid_size, block_size;

/** The launch is over: a fiber cannot throw it itself. */
struct Failed {};

static jmp_buf scheduler;
static bool on_fiber;
static bool failed;
static const std::function<void()> *body;
static std::vector<Block> cluster;
static Meeting cluster_meeting;
static int threads_of_cluster;
static std::vector<std::function<void()>> engine;
static long changes;
static std::mt19937 order(1);
static bool at_once;
static size_t shared_bytes;

const dim3 &block_index() {
    return current->block->index;
}

int cluster_rank() {
    return current->block->rank;
}

bool eager() {
    return at_once;
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
    fprintf(stderr, "emulated kernel: %s", what);
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
    Fiber *f = (Fiber *)current;
    if (!_setjmp(f->at)) _longjmp(scheduler, 1);
}

static void meet(Meeting &m, int count) {
    if (++m.come == count) {
        m.come = 0;
        m.round++;
        progress();
        return;
    }
    long round = m.round;
    while (m.round == round) yield();
}

void barrier(int number, int count) {
    meet(current->block->barriers[number], count);
}

void pass(int number, int count) {
    Meeting &m = current->block->barriers[number];
    if (++m.come == count) {
        m.come = 0;
        m.round++;
    }
    progress();
}

void cluster_barrier() {
    meet(cluster_meeting, threads_of_cluster);
}

void collective(void *mine, void (*work)(void *const lanes[32])) {
    Warp *w = current->warp;
    w->brought[current->lane] = mine;
    if (w->meeting.come == 31) work(w->brought);
    meet(w->meeting, 32);
}

void later(std::function<void()> work) {
    if (at_once) {
        work();
        progress();
    } else {
        engine.push_back(std::move(work));
    }
}

void enqueue(Queue q, std::function<void()> work) {
    if (at_once && q != PRODUCTS) {
        work();
    } else {
        ((Fiber *)current)->open[q].push_back(std::move(work));
    }
}

void commit(Queue q) {
    Fiber *f = (Fiber *)current;
    f->groups[q].push_back(std::move(f->open[q]));
    f->open[q].clear();
}

void wait(Queue q, int groups_left) {
    Fiber *f = (Fiber *)current;
    while ((int)f->groups[q].size() > groups_left) {
        for (auto &work : f->groups[q].front()) work();
        f->groups[q].pop_front();
    }
}

static void run_fiber() {
    (*body)();
    for (int q = 0; q < QUEUES; q++) {
        if (q == COPIES && !((Fiber *)current)->groups[q].empty()) {
            for (auto &g : ((Fiber *)current)->groups[q]) {
                if (!g.empty()) fail("ends without having waited for its copies");
            }
        }
        wait((Queue)q, 0);
    }
    ((Fiber *)current)->done = true;
    progress();
    _longjmp(scheduler, 1);
}

static void resume(Fiber *f) {
    current = f;
    on_fiber = true;
    if (!_setjmp(scheduler)) {
        if (f->started) _longjmp(f->at, 1);
        f->started = true;
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
    engine.erase(engine.begin() + i);
    work();
    progress();
}

/** Runs the blocks of one cluster to their ends. */
static void run_cluster(std::vector<std::unique_ptr<Fiber>> &fibers, int warps) {
    int left = (int)fibers.size();
    int idle = 0;
    while (left > 0) {
        long before = changes;
        int first = (int)(order() % warps);
        for (int i = 0; i < warps; i++) {
            int w = (first + i) % warps;
            if (order() % 4 == 0) continue;
            for (int l = 0; l < 32 && w * 32 + l < (int)fibers.size(); l++) {
                Fiber *f = fibers[w * 32 + l].get();
                if (f->done) continue;
                resume(f);
                left -= f->done;
            }
            run_engine();
        }
        idle = changes == before ? idle + 1 : 0;
        if (idle > 2000) {
            for (auto &f : fibers) {
                if (!f->done) current = f.get();
            }
            fail("no thread can go on");
        }
    }
    while (!engine.empty()) run_engine();
}

static void launch(dim3 grid, int threads, size_t shared, int blocks, const std::function<void()> &kernel) {
    static std::vector<char *> stacks;
    grid_size = grid;
    block_size = dim3{(unsigned)threads, 1, 1};
    body = &kernel;
    shared_bytes = shared;
    threads_of_cluster = threads * blocks;
    int warps = (threads + 31) / 32;
    while ((int)stacks.size() < threads_of_cluster) stacks.push_back((char *)malloc(STACK));
    unsigned count = grid.x * grid.y * grid.z;
    for (unsigned start = 0; start < count; start += blocks) {
        cluster.assign(blocks, Block());
        cluster_meeting = Meeting();
        std::vector<Warp> all((size_t)warps * blocks);
        std::vector<std::unique_ptr<Fiber>> fibers;
        for (int b = 0; b < blocks; b++) {
            unsigned i = start + b;
            cluster[b].index = dim3{i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y};
            cluster[b].rank = b;
            cluster[b].shared = (char *)aligned_alloc(ALIGNMENT, (shared + 2 * ALIGNMENT) / ALIGNMENT * ALIGNMENT);
            memset(cluster[b].shared, 0xff, shared); // NaN in every format: what nobody wrote is seen
            for (int t = 0; t < threads; t++) {
                auto f = std::make_unique<Fiber>();
                f->index = dim3{(unsigned)t, 0, 0};
                f->lane = t % 32;
                f->warp = &all[(size_t)b * warps + t / 32];
                f->block = &cluster[b];
                getcontext(&f->first);
                f->first.uc_stack.ss_sp = stacks[fibers.size()];
                f->first.uc_stack.ss_size = STACK;
                f->first.uc_link = nullptr;
                makecontext(&f->first, run_fiber, 0);
                fibers.push_back(std::move(f));
            }
        }
        run_cluster(fibers, warps * blocks);
        for (auto &b : cluster) free(b.shared);
    }
}

struct Known {
    int cluster;
    Thunk thunk;
};

static std::map<std::string, Known> &table() {
    static std::map<std::string, Known> kernels;
    return kernels;
}

Listed::Listed(const char *name, int cluster, Thunk thunk) {
    table()[name] = Known{cluster, thunk};
}

} // namespace simt

/* 1: done; 0: no such kernel; -1: the launch does not fit the kernel. */
extern "C" int emulated_launch(const char *kernel, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned shared,
                               void **parameters) {
    auto found = simt::table().find(kernel);
    if (found == simt::table().end()) return 0;
    simt::Known k = found->second;
    if (threads % 32 || threads > 1024 || x % k.cluster || shared > 232448) return -1;
    simt::failed = false;
    simt::engine.clear();
    try {
        simt::launch(dim3{x, y, z}, (int)threads, shared, k.cluster, [&] { k.thunk(parameters); });
    } catch (const simt::Failed &) {
        return -1;
    }
    return 1;
}

/* From now on threads run in the order of this seed; asynchronous work is done at once if eager, else as late as may be. */
extern "C" void emulated_order(unsigned seed, int eager) {
    simt::order.seed(seed);
    simt::at_once = eager != 0;
}
