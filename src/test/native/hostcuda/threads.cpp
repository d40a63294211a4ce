/* Blocks of threads on one thread of the host. A kernel's thread has a stack of its own and is left where it waits. The
 * order in which threads take turns, and blocks follow each other, changes from launch to launch: what a kernel computes
 * must not depend on it. Shared memory is full of NaN when a block begins. */
#include "threads.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

dim3 threadIdx, blockIdx, blockDim, gridDim;
Kernel *Kernel::first;

extern char __start_shared_memory[] __attribute__((weak));
extern char __stop_shared_memory[] __attribute__((weak));

namespace {

constexpr size_t STACK = 128 << 10;
constexpr unsigned WARP = 32;

enum State { READY, AT_BARRIER, AT_WARP_BARRIER, DONE };

struct Copy {
    float *to;
    const float *from;
    int floats;
};

struct Fiber {
    ucontext_t first;
    jmp_buf at;
    bool born = false;
};

struct Thread {
    State state;
    Fiber *fiber;
    std::vector<Copy> copies;
    std::vector<size_t> groups; /* how many of the copies each group that was committed ends with */
};

std::vector<Fiber *> idle;
std::vector<Thread> threads;
uint32_t words[1024];
const Kernel *kernel;
void **arguments;
unsigned current;
jmp_buf scheduler;
ucontext_t unused;

void leave() {
    if (_setjmp(threads[current].fiber->at) == 0) {
        _longjmp(scheduler, 1);
    }
}

void end_copies(Thread &t, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (int j = 0; j < t.copies[i].floats; j++) {
            t.copies[i].to[j] = t.copies[i].from ? t.copies[i].from[j] : 0.0f;
        }
    }
    t.copies.erase(t.copies.begin(), t.copies.begin() + (long)count);
}

void live() {
    for (;;) {
        kernel->run(arguments);
        end_copies(threads[current], threads[current].copies.size());
        threads[current].groups.clear();
        threads[current].state = DONE;
        leave();
    }
}

Fiber *fiber() {
    if (!idle.empty()) {
        Fiber *f = idle.back();
        idle.pop_back();
        return f;
    }
    Fiber *f = new Fiber;
    void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
        perror("a thread's stack");
        abort();
    }
    getcontext(&f->first);
    f->first.uc_stack.ss_sp = stack;
    f->first.uc_stack.ss_size = STACK;
    f->first.uc_link = &unused;
    makecontext(&f->first, live, 0);
    return f;
}

void turn(unsigned t) {
    current = t;
    threadIdx = {t, 0, 0};
    Thread &thread = threads[t];
    if (thread.fiber == nullptr) {
        thread.fiber = fiber();
    }
    if (_setjmp(scheduler) == 0) {
        if (thread.fiber->born) {
            _longjmp(thread.fiber->at, 1);
        }
        thread.fiber->born = true;
        setcontext(&thread.fiber->first);
    }
    Thread &after = threads[current];
    if (after.state == DONE) {
        idle.push_back(after.fiber);
        after.fiber = nullptr;
    }
}

/* Lets threads from `begin` to `end` go on if all that are not done are at the barrier; whether there are any. */
bool release(State barrier, unsigned begin, unsigned end) {
    bool any = false;
    for (unsigned t = begin; t < end; t++) {
        if (threads[t].state != barrier && threads[t].state != DONE) {
            return false;
        }
        any |= threads[t].state == barrier;
    }
    for (unsigned t = begin; any && t < end; t++) {
        if (threads[t].state == barrier) {
            threads[t].state = READY;
        }
    }
    return any;
}

unsigned place(unsigned i, unsigned n, unsigned order) {
    switch (order % 3) {
    case 0: return i;
    case 1: return n - 1 - i;
    default: return (i + n / 2 + 1) % n;
    }
}

void run_block(unsigned size, unsigned order) {
    memset(__start_shared_memory, 0xff, (size_t)(__stop_shared_memory - __start_shared_memory));
    for (Thread &t : threads) {
        t.state = READY;
    }
    for (;;) {
        unsigned done = 0;
        for (unsigned i = 0; i < size; i++) {
            unsigned t = place(i, size, order);
            if (threads[t].state == READY) {
                turn(t);
            }
            done += threads[t].state == DONE;
        }
        if (done == size) {
            return;
        }
        bool moved = release(AT_BARRIER, 0, size);
        for (unsigned w = 0; w < size; w += WARP) {
            moved |= release(AT_WARP_BARRIER, w, w + WARP < size ? w + WARP : size);
        }
        if (!moved) {
            fprintf(stderr, "the threads of %s wait for each other for ever\n", kernel->name);
            abort();
        }
    }
}

} // namespace

void __syncthreads() {
    threads[current].state = AT_BARRIER;
    leave();
}

void __syncwarp(unsigned) {
    threads[current].state = AT_WARP_BARRIER;
    leave();
}

uint32_t exchange(uint32_t mine, unsigned from) {
    unsigned self = current;
    words[self] = mine;
    __syncwarp();
    uint32_t theirs = words[(self & ~(WARP - 1)) + from];
    __syncwarp();
    return theirs;
}

void copy_async(float *to, const float *from, bool there) {
    threads[current].copies.push_back({to, there ? from : nullptr, 1});
}

void copy_async_4(float *to, const float *from, bool there) {
    if (((uintptr_t)to | (uintptr_t)from) & 15) {
        fprintf(stderr, "%s copies 16 bytes that are not aligned\n", kernel->name);
        abort();
    }
    threads[current].copies.push_back({to, there ? from : nullptr, 4});
}

void copies_commit() {
    threads[current].groups.push_back(threads[current].copies.size());
}

void copies_wait(int pending) {
    Thread &t = threads[current];
    if ((int)t.groups.size() > pending) {
        size_t ended = t.groups.size() - (size_t)pending;
        size_t copies = t.groups[ended - 1];
        end_copies(t, copies);
        t.groups.erase(t.groups.begin(), t.groups.begin() + (long)ended);
        for (size_t &g : t.groups) {
            g -= copies;
        }
    }
}

void run_grid(const Kernel *k, dim3 grid, unsigned size, void **parameters) {
    static unsigned launches;
    unsigned order = launches++;
    kernel = k;
    arguments = parameters;
    gridDim = grid;
    blockDim = {size, 1, 1};
    threads.resize(size);
    unsigned count = grid.x * grid.y * grid.z;
    for (unsigned i = 0; i < count; i++) {
        unsigned b = place(i, count, order);
        blockIdx = {b % grid.x, b / grid.x % grid.y, b / grid.x / grid.y};
        run_block(size, order);
    }
}
