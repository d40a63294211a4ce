/* Attention and its gradient: the exact kernels. */
#include "../common/attention.h"

//@hot attention_scores
//@hot attention_probabilities
//@hot attention_slopes
