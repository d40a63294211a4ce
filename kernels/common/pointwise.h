/* One number in, one number out, element by element; inputs are views in the output's row-major order, the output lies
 * contiguously from y0 on. Kernels carry the names of ops. */
#include "activation.h"
#include "view.h"

#define UNARY(name, result)                                                                                            \
    KERNEL op_##name(GLOBAL const float *in, View v, GLOBAL float *out, int y0, int n) {                               \
        int i = GLOBAL_ID;                                                                                             \
        if (i < n) {                                                                                                   \
            float x = in[at(v, i)];                                                                                    \
            out[y0 + i] = result;                                                                                      \
        }                                                                                                              \
    }

#define BINARY(name, result)                                                                                           \
    KERNEL op_##name(GLOBAL const float *left, View v, GLOBAL const float *right, View w, GLOBAL float *out, int y0,   \
                     int n) {                                                                                          \
        int i = GLOBAL_ID;                                                                                             \
        if (i < n) {                                                                                                   \
            float x = left[at(v, i)];                                                                                  \
            float g = right[at(w, i)];                                                                                 \
            out[y0 + i] = result;                                                                                      \
        }                                                                                                              \
    }

/* With one or two numbers that are the same for all elements. */
#define SCALAR(name, result)                                                                                           \
    KERNEL op_##name(GLOBAL const float *in, View v, GLOBAL float *out, int y0, int n, float a, float b) {             \
        int i = GLOBAL_ID;                                                                                             \
        if (i < n) {                                                                                                   \
            float x = in[at(v, i)];                                                                                    \
            out[y0 + i] = result;                                                                                      \
        }                                                                                                              \
    }

UNARY(neg, NEGATE(x))
UNARY(abs, MAGNITUDE(x))
UNARY(sign, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
UNARY(square, x * x)
UNARY(sqrt, SQRT(x))
UNARY(rsqrt, exact_rsqrt(x))
UNARY(exp, exact_exp(x))
UNARY(expm1, exact_expm1(x))
UNARY(log, exact_log(x))
UNARY(log1p, exact_log1p(x))
UNARY(sin, exact_sin(x))
UNARY(cos, exact_cos(x))
UNARY(erf, exact_erf(x))
UNARY(relu, relu(x))
UNARY(relu6, relu6(x))
UNARY(silu, silu(x))
UNARY(gelu, gelu(x))
UNARY(gelu_tanh, gelu_tanh(x))
UNARY(quick_gelu, quick_gelu(x))
UNARY(sigmoid, exact_sigmoid(x))
UNARY(tanh, exact_tanh(x))
UNARY(softplus, softplus(x))

BINARY(add, x + g)
BINARY(sub, x - g)
BINARY(mul, x * g)
BINARY(div, x / g)
BINARY(maximum, larger(x, g))
BINARY(minimum, smaller(x, g))
BINARY(relu_gradient, x <= 0.0f ? 0.0f : g)
BINARY(relu6_gradient, x <= 0.0f || x >= 6.0f ? 0.0f : g)
BINARY(silu_gradient, g *swish_slope(x, 1.0f))
BINARY(gelu_gradient, g *gelu_slope(x))
BINARY(gelu_tanh_gradient, g *gelu_tanh_slope(x))
BINARY(quick_gelu_gradient, g *swish_slope(x, QUICK_GELU))
BINARY(sigmoid_gradient, g *sigmoid_slope(x))
BINARY(tanh_gradient, g *tanh_slope(exact_tanh(x)))
BINARY(softplus_gradient, g *exact_sigmoid(x))

SCALAR(scale, x *a)
SCALAR(add_scalar, x + a)
SCALAR(pow, exact_pow(x, a))
SCALAR(clamp, x < a ? a : x > b ? b : x)

KERNEL op_clamp_gradient(GLOBAL const float *in, View v, GLOBAL const float *gradient, View w, GLOBAL float *out, int y0,
                         int n, float low, float high) {
    int i = GLOBAL_ID;
    if (i < n) {
        float x = in[at(v, i)];
        out[y0 + i] = x >= low && x <= high ? gradient[at(w, i)] : 0.0f;
    }
}

KERNEL fill_float(GLOBAL float *out, int y0, int n, float value) {
    int i = GLOBAL_ID;
    if (i < n) {
        out[y0 + i] = value;
    }
}

/* x[..., 2 half] = (a, b), half_extent numbers each -> a gelu(b) */
KERNEL op_geglu(GLOBAL const float *in, View v, GLOBAL float *out, int y0, int n, int half_extent) {
    int i = GLOBAL_ID;
    if (i < n) {
        int a = i / half_extent * 2 * half_extent + i % half_extent;
        out[y0 + i] = in[at(v, a)] * gelu(in[at(v, a + half_extent)]);
    }
}

/* n gradients, 2 n results: g gelu(b) beside (g a) gelu'(b) */
KERNEL op_geglu_gradient(GLOBAL const float *in, View v, GLOBAL const float *gradient, View w, GLOBAL float *out, int y0,
                         int n, int half_extent) {
    int i = GLOBAL_ID;
    if (i < n) {
        int a = i / half_extent * 2 * half_extent + i % half_extent;
        float b = in[at(v, a + half_extent)];
        float g = gradient[at(w, i)];
        out[y0 + a] = g * gelu(b);
        out[y0 + a + half_extent] = (g * in[at(v, a)]) * gelu_slope(b);
    }
}

/* In place, after a contraction. */
KERNEL activate_all(GLOBAL float *y, int y0, int n, int activation) {
    int i = GLOBAL_ID;
    if (i < n) {
        y[y0 + i] = activate(activation, y[y0 + i]);
    }
}
