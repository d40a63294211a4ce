/* Reductions, softmax and losses: the exact kernels. */
#include "../common/reduce.h"

//@hot sum_elements
//@hot sum_squares
//@hot sum_products
//@hot sum_exponentials
//@hot extreme_value
//@hot softmax_finish
//@hot column_elements
//@hot column_squares
//@hot column_products
