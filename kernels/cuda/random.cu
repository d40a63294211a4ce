/* Draws from Philox streams: the exact kernels. */
#include "../common/random.h"

//@hot op_uniform
//@hot op_normal
//@hot op_dropout
