/* Copies, comparisons, logic and selection: the exact kernels. */
#include "../common/select.h"

//@hot copy_4
//@hot op_where
