/* Ops that follow indices, and the check of indices: the exact kernels. */
#include "../common/indexing.h"
