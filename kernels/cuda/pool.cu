/* Pooling and resizing: the exact kernels. */
#include "../common/pool.h"

//@hot max_pool
