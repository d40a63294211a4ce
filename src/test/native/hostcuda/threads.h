#ifndef REVERIE_HOST_THREADS_H
#define REVERIE_HOST_THREADS_H

#include "device.h"

/* Runs a kernel: blocks of `size` threads along x, one after the other. */
void run_grid(const Kernel *k, dim3 grid, unsigned size, void **parameters);

#endif
