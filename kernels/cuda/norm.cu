/* Normalisations and their gradients: the exact kernels. */
#include "../common/norm.h"

//@hot apply_norm
//@hot norm_parts
//@hot norm_slopes
