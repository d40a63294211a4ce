/* Steps of optimisers, averages and diffusion models: the exact kernels. And AdamW, and the check of its gradients, for many
 * tensors in one launch. */
#include "../common/update.h"

//@hot op_adamw_step
//@hot op_ema_update
//@hot op_ddpm_step
//@hot op_ddim_step
//@hot op_sampler_step
//@hot op_q_sample
//@hot adamw_tensors
//@hot finite_tensors

#define THREADS 256
#define ELEMENTS (8 * THREADS) /* of a block */

/* A tensor of a list: org.reverie.device.cuda.CudaUpdates writes it. */
typedef struct {
    float *param;
    float *first;
    float *second;
    const float *gradient;
    int64 elements;
    int64 block; /* the first of the blocks that it takes */
} TensorEntry;

/* The entry that a block belongs to. */
FN const TensorEntry *entry_of(const TensorEntry *list, int count, int block) {
    int low = 0;
    int high = count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (list[middle].block <= block) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return list + low;
}

KERNEL GROUP_SIZE(THREADS) adamw_tensors(const TensorEntry *list, const int *finite, int count, AdamW a) {
    if (finite != nullptr && *finite == 0) {
        return;
    }
    const TensorEntry e = *entry_of(list, count, GROUP_ID);
    int64 start = (GROUP_ID - e.block) * ELEMENTS + LOCAL_ID;
#pragma unroll 4
    for (int k = 0; k < ELEMENTS; k += THREADS) {
        int64 i = start + k;
        if (i < e.elements) {
            adamw_element(a, e.param + i, e.first + i, e.second + i, e.gradient[i]);
        }
    }
}

/* Makes the flag 0 if a number of the gradients is not finite. */
KERNEL GROUP_SIZE(THREADS) finite_tensors(int *flag, const TensorEntry *list, int count) {
    const TensorEntry *e = entry_of(list, count, GROUP_ID);
    const float *x = e->gradient;
    int64 elements = e->elements;
    int64 start = (GROUP_ID - e->block) * ELEMENTS + LOCAL_ID;
    int all = 1;
#pragma unroll
    for (int k = 0; k < ELEMENTS; k += THREADS) {
        int64 i = start + k;
        if (i < elements) {
            all &= is_finite(x[i]);
        }
    }
    if (!all) {
        *flag = 0;
    }
}
