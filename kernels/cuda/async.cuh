/* Copies from global to shared memory that go on while the thread computes (cp.async, sm_80). */
#ifndef REVERIE_ASYNC_CUH
#define REVERIE_ASYNC_CUH

#ifdef REVERIE_EMULATED
#include "emulated_async.h"
#else

/* The same number, though the compiler does not know that: what is worked out from it is worked out here, and takes no register
 * before. */
static __device__ __forceinline__ int anew(int x) {
    asm volatile("" : "+r"(x));
    return x;
}

/* One float, or a zero if it is not there; then `from` is not read. */
static __device__ __forceinline__ void copy_async(float *to, const float *from, bool there) {
    unsigned place = (unsigned)__cvta_generic_to_shared(to);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(place), "l"(from), "r"(there ? 4 : 0) : "memory");
}

/* Four floats, at multiples of 16 bytes. */
static __device__ __forceinline__ void copy_async_4(float *to, const float *from, bool there) {
    unsigned place = (unsigned)__cvta_generic_to_shared(to);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(place), "l"(from), "r"(there ? 16 : 0)
                 : "memory");
}

/* Ends a group of copies. */
static __device__ __forceinline__ void copies_commit() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits until at most so many of this thread's groups are under way. */
template <int GROUPS>
static __device__ __forceinline__ void copies_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}

#endif
#endif
