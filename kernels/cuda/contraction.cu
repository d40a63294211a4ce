/* Matrix products and convolutions: the exact kernels, one thread to an element. */
#include "../common/contraction.h"
