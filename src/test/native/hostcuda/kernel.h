/* The kernels of this library, and the door by which the driver starts them. */
#ifndef REVERIE_HOST_KERNEL_H
#define REVERIE_HOST_KERNEL_H

#include <cstring>
#include <type_traits>
#include <utility>

/** Every kernel is entered in a list by its name, with what unpacks its parameters: build.sh writes the entries. */
struct Kernel {
    const char *name;
    unsigned cluster;
    void (*run)(void **parameters);
    const unsigned *sizes;
    unsigned count;
    Kernel *next;
    static Kernel *first;

    Kernel(const char *name, unsigned cluster, void (*run)(void **), const unsigned *sizes, unsigned count)
        : name(name), cluster(cluster), run(run), sizes(sizes), count(count), next(first) {
        first = this;
    }
};

template <auto F> struct Entry;
template <class... A, void (*F)(A...)> struct Entry<F> {
    static constexpr unsigned sizes[] = {sizeof(A)...};
    static constexpr unsigned count = sizeof...(A);

    static void run(void **p) {
        run(p, std::index_sequence_for<A...>());
    }

  private:
    template <class V> static V read(const void *p) {
        std::remove_const_t<V> v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    template <size_t... I> static void run(void **p, std::index_sequence<I...>) {
        F(read<A>(p[I])...);
    }
};

/** Runs blocks of `size` threads along x to their ends; false, with a line on stderr, if something is wrong with the kernel. */
bool run_grid(const Kernel &kernel, const unsigned (&grid)[3], unsigned size, unsigned shared, void **parameters);

#endif
