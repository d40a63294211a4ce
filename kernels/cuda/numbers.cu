/* Conversions and comparisons of any dtype: the exact kernels. */
#include "../common/numbers.h"
