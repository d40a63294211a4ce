/* Steps of optimisers and averages in place, and the steps of diffusion models. */
#include "indices.h"
#include "math.h"

KERNEL op_adamw_step(GLOBAL float *param, int p0, GLOBAL float *first, int m0, GLOBAL float *second, int v0,
                     GLOBAL const float *gradient, View view, int n, float decay, float first_rate, float second_rate,
                     float second_kept, float second_root, float epsilon, float step) {
    int i = GLOBAL_ID;
    if (i < n) {
        float g = gradient[at(view, i)];
        float p = param[p0 + i] * decay;
        float m = first[m0 + i];
        m = FMA(first_rate, g - m, m);
        float v = FMA(second_rate * g, g, second_kept * second[v0 + i]);
        float d = SQRT(v) / second_root + epsilon;
        param[p0 + i] = FMA(-step, m / d, p);
        first[m0 + i] = m;
        second[v0 + i] = v;
    }
}

KERNEL op_sgd_step(GLOBAL float *param, int p0, GLOBAL float *velocity, int v0, int moving, GLOBAL const float *gradient,
                   View view, int n, float rate, float momentum, int nesterov, int decays, float decay) {
    int i = GLOBAL_ID;
    if (i < n) {
        float p = param[p0 + i];
        float d = gradient[at(view, i)];
        if (decays) {
            d = FMA(decay, p, d);
        }
        if (moving) {
            float v = FMA(momentum, velocity[v0 + i], d);
            velocity[v0 + i] = v;
            d = nesterov ? FMA(momentum, v, d) : v;
        }
        param[p0 + i] = FMA(-rate, d, p);
    }
}

KERNEL op_ema_update(GLOBAL float *average, int a0, GLOBAL const float *value, View view, int n, float rate) {
    int i = GLOBAL_ID;
    if (i < n) {
        float a = average[a0 + i];
        average[a0 + i] = FMA(rate, value[at(view, i)] - a, a);
    }
}

KERNEL op_q_sample(GLOBAL const float *x0, View v, GLOBAL const float *noise, View w, GLOBAL const uchar *t, int wide,
                   View vt, GLOBAL const float *signals, View vs, GLOBAL const float *noises, View vn, GLOBAL float *out,
                   int y0, int n, int each, int steps) {
    int i = GLOBAL_ID;
    if (i < n) {
        int k = safe_index(t, wide, at(vt, i / each), steps);
        float signal = signals[at(vs, k)] * x0[at(v, i)];
        out[y0 + i] = FMA(noises[at(vn, k)], noise[at(w, i)], signal);
    }
}

KERNEL op_ddpm_step(GLOBAL const float *x, View v, GLOBAL const float *eps, View w, GLOBAL const float *z, View vz, int noisy,
                    GLOBAL float *out, int y0, int n, float scale, float noise, float sigma) {
    int i = GLOBAL_ID;
    if (i < n) {
        float mean = scale * FMA(-noise, eps[at(w, i)], x[at(v, i)]);
        out[y0 + i] = noisy ? FMA(sigma, z[at(vz, i)], mean) : mean;
    }
}

KERNEL op_ddim_step(GLOBAL const float *x, View v, GLOBAL const float *f, View w, GLOBAL const float *z, View vz, int noisy,
                    GLOBAL float *out, int y0, int n, float signal, float prediction, float sigma) {
    int i = GLOBAL_ID;
    if (i < n) {
        float mean = FMA(prediction, f[at(w, i)], signal * x[at(v, i)]);
        out[y0 + i] = noisy ? FMA(sigma, z[at(vz, i)], mean) : mean;
    }
}

/* n = samples * frequencies; each work item makes a cosine and the sine beside it. */
KERNEL op_timestep_embedding(GLOBAL const uchar *t, int wide, View v, GLOBAL const float *frequencies, GLOBAL float *out,
                             int y0, int n, int half_extent, int cos_first) {
    int i = GLOBAL_ID;
    if (i < n) {
        int k = i % half_extent;
        int row = i / half_extent;
        float phase = (float)read_index(t, wide, at(v, row)) * frequencies[k];
        int base = y0 + row * 2 * half_extent + k;
        out[base + (cos_first ? 0 : half_extent)] = exact_cos(phase);
        out[base + (cos_first ? half_extent : 0)] = exact_sin(phase);
    }
}
