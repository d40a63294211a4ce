/* Steps of optimisers, averages and diffusion models: the exact kernels. */
#include "../common/update.h"

//@hot op_adamw_step
//@hot op_ema_update
//@hot op_ddpm_step
//@hot op_ddim_step
//@hot op_sampler_step
//@hot op_q_sample
