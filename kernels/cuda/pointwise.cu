/* Arithmetic, elementary functions, activations and their gradients: the exact kernels. */
#include "../common/pointwise.h"

//@hot op_add
//@hot op_mul
//@hot op_silu
//@hot op_gelu
//@hot op_exp
