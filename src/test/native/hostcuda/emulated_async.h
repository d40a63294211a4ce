/* The copies of kernels/cuda/async.cuh on a host. */
#ifndef REVERIE_EMULATED_ASYNC_H
#define REVERIE_EMULATED_ASYNC_H

static inline int anew(int x) {
    return x;
}

static inline void copy_async(float *to, const float *from, bool there) {
    simt::copy(to, there ? from : nullptr, 4);
}

static inline void copy_async_4(float *to, const float *from, bool there) {
    if (((uintptr_t)to | (uintptr_t)from) % 16) simt::fail("a copy of 16 bytes that is not aligned");
    simt::copy(to, there ? from : nullptr, 16);
}

static inline void copies_commit() {
    simt::commit_copies();
}

template <int GROUPS> void copies_wait() {
    simt::wait_for_copies(GROUPS);
}

#endif
