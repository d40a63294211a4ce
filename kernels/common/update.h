/* Steps of optimisers and averages in place, and the steps of diffusion models. */
#include "indices.h"
#include "philox.h"

/* org.reverie.device.kernels.UpdateBindings writes it. */
typedef struct {
    float unscale;
    float decay;
    float first_rate;
    float second_rate;
    float second_kept;
    float second_root;
    float epsilon;
    float step;
} AdamW;

FN void adamw_element(const AdamW a, GLOBAL float *param, GLOBAL float *first, GLOBAL float *second, float gradient) {
    float g = gradient * a.unscale;
    float p = *param * a.decay;
    float m = *first;
    m = FMA(a.first_rate, g - m, m);
    float v = FMA(a.second_rate * g, g, a.second_kept * *second);
    float d = SQRT(v) / a.second_root + a.epsilon;
    *param = FMA(-a.step, m / d, p);
    *first = m;
    *second = v;
}

/* `finite`, if there is one, says by 0 that nothing changes. */
KERNEL op_adamw_step(GLOBAL float *param, int p0, GLOBAL float *first, int m0, GLOBAL float *second, int v0,
                     GLOBAL const float *gradient, View view, int n, AdamW a, GLOBAL const int *finite, int f0, int checked) {
    int i = GLOBAL_ID;
    if (i < n && !(checked && finite[f0] == 0)) {
        adamw_element(a, param + p0 + i, first + m0 + i, second + v0 + i, gradient[at(view, i)]);
    }
}

FN int is_finite(float x) {
    return MAGNITUDE(x) < INFINITE;
}

/* Makes the flag 0 if a number is not finite. */
KERNEL op_all_finite(GLOBAL int *flag, int y0, GLOBAL const float *x, View v, int n) {
    int i = GLOBAL_ID;
    if (i < n && !is_finite(x[at(v, i)])) {
        flag[y0] = 0;
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

/* A linear combination: factors of sources, multiplied and added in their order. */
#define TERMS 4

typedef struct {
    int count;
    int source[TERMS];
    float factor[TERMS];
} Combination;

/* What the combinations take: device.spec.SamplerStepSpec.Source says which number is which. */
typedef struct {
    float state;
    float prediction;
    float estimate;
    float earlier[3];
} Sources;

FN float source_of(const Sources s, int number) {
    return number == 0   ? s.state
           : number == 1 ? s.prediction
           : number == 2 ? s.estimate
           : number == 3 ? s.earlier[0]
           : number == 4 ? s.earlier[1]
                         : s.earlier[2];
}

FN float combine(const Combination c, const Sources s) {
    float y = c.factor[0] * source_of(s, c.source[0]);
    for (int j = 1; j < TERMS; j++) {
        if (j < c.count) {
            y = FMA(c.factor[j], source_of(s, c.source[j]), y);
        }
    }
    return y;
}

/* org.reverie.device.kernels.UpdateBindings writes it. */
typedef struct {
    int each;     /* numbers of a sample */
    int guided;   /* the prediction is [2 N, ...]: u, then c */
    float guidance;
    int earlier;  /* how many there are */
    int kept;     /* 1 + the source that is written down; 0 none */
    float scale;
    float sigma;  /* of fresh noise; 0 without any */
    Combination estimate;
    Combination next;
} SamplerStep;

/* Element i, to which a normal number is added. */
FN void sampler_element(const SamplerStep s, int i, int n, float noise, GLOBAL const float *x, const View v,
                        GLOBAL const float *f, const View w, GLOBAL const float *a, const View va, GLOBAL const float *b,
                        const View vb, GLOBAL const float *c, const View vc, GLOBAL float *out, GLOBAL float *kept) {
    Sources of;
    of.state = x[at(v, i)];
    of.prediction = f[at(w, i)];
    if (s.guided) {
        float u = of.prediction;
        float step = s.guidance * (f[at(w, n + i)] - u);
        of.prediction = u + step;
    }
    of.earlier[0] = s.earlier > 0 ? a[at(va, i)] : 0.0f;
    of.earlier[1] = s.earlier > 1 ? b[at(vb, i)] : 0.0f;
    of.earlier[2] = s.earlier > 2 ? c[at(vc, i)] : 0.0f;
    of.estimate = 0.0f;
    if (s.estimate.count > 0) {
        of.estimate = combine(s.estimate, of);
    }
    if (s.kept) {
        kept[i] = source_of(of, s.kept - 1);
    }
    float y = s.scale * combine(s.next, of);
    out[i] = s.sigma != 0.0f ? FMA(s.sigma, noise, y) : y;
}

#define SAMPLER_ELEMENT(i, noise)                                                                                      \
    sampler_element(s, i, n, noise, x, v, f, w, a, va, b, vb, c, vc, out + y0, kept + k0)

/* Without noise a work item makes one element; with noise those of a sample that one block of the stream belongs to. Sample r
 * takes the numbers rows[r] * each ... of the stream. */
KERNEL op_sampler_step(GLOBAL const float *x, View v, GLOBAL const float *f, View w, GLOBAL const uchar *rows, int wide,
                       View vr, GLOBAL const float *a, View va, GLOBAL const float *b, View vb, GLOBAL const float *c, View vc,
                       GLOBAL float *out, int y0, GLOBAL float *kept, int k0, int n, SamplerStep s, int64 seed, int64 stream) {
    int item = GLOBAL_ID;
    if (s.sigma == 0.0f) {
        if (item < n) {
            SAMPLER_ELEMENT(item, 0.0f);
        }
        return;
    }
    int blocks = (s.each + 2) / 4 + 1;
    int sample = item / blocks;
    if (sample >= n / s.each) {
        return;
    }
    uint64 first = (uint64)(read_index(rows, wide, at(vr, sample)) * s.each);
    uint64 block = (first >> 2) + (uint64)(item - sample * blocks);
    int j = (int)((block << 2) - first);
    if (j >= s.each) {
        return;
    }
    PhiloxBlock p = philox(seed, stream, block);
    for (int k = 0; k < 4; k++) {
        if (j + k >= 0 && j + k < s.each) {
            SAMPLER_ELEMENT(sample * s.each + j + k, normal_of(p.word[k & 2], p.word[(k & 2) + 1], k & 1));
        }
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
