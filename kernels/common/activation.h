/* Activations and their first derivatives, one order of roundings each: op.ActivationFunctions and ActivationGradients.
 * The numbers are the ordinals of device.spec.Activation. */
#ifndef REVERIE_ACTIVATION_H
#define REVERIE_ACTIVATION_H

#include "math.h"

#define ACTIVATION_NONE 0
#define ACTIVATION_RELU 1
#define ACTIVATION_RELU6 2
#define ACTIVATION_SILU 3
#define ACTIVATION_GELU 4
#define ACTIVATION_GELU_TANH 5
#define ACTIVATION_QUICK_GELU 6
#define ACTIVATION_SIGMOID 7
#define ACTIVATION_TANH 8

#define INVERSE_SQRT_TWO_PI 0.3989422804f
#define THREE_CUBIC 0.134145f

FN float relu(float x) {
    return x <= 0.0f ? 0.0f : x;
}

FN float relu6(float x) {
    return x > 6.0f ? 6.0f : relu(x);
}

FN float silu(float x) {
    return x * exact_sigmoid(x);
}

FN float gelu(float x) {
    return (0.5f * x) * (1.0f + exact_erf(x * SQRT_HALF));
}

FN float gelu_tanh(float x) {
    float u = FMA(GELU_CUBIC * (x * x), x, x);
    return (0.5f * x) * (1.0f + exact_tanh(SQRT_TWO_OVER_PI * u));
}

FN float quick_gelu(float x) {
    return x * exact_sigmoid(QUICK_GELU * x);
}

FN float softplus(float x) {
    return (x < 0.0f ? 0.0f : x) + exact_log1p(exact_exp(-MAGNITUDE(x)));
}

FN float activate(int activation, float x) {
    switch (activation) {
    case ACTIVATION_RELU: return relu(x);
    case ACTIVATION_RELU6: return relu6(x);
    case ACTIVATION_SILU: return silu(x);
    case ACTIVATION_GELU: return gelu(x);
    case ACTIVATION_GELU_TANH: return gelu_tanh(x);
    case ACTIVATION_QUICK_GELU: return quick_gelu(x);
    case ACTIVATION_SIGMOID: return exact_sigmoid(x);
    case ACTIVATION_TANH: return exact_tanh(x);
    default: return x;
    }
}

FN float tanh_slope(float t) {
    return FMA(-t, t, 1.0f);
}

/* The derivative of x * sigmoid(a x). */
FN float swish_slope(float x, float a) {
    float ax = a * x;
    float s = exact_sigmoid(ax);
    return s * FMA(ax, 1.0f - s, 1.0f);
}

FN float sigmoid_slope(float x) {
    float s = exact_sigmoid(x);
    return s * (1.0f - s);
}

FN float gelu_slope(float x) {
    float below = 0.5f * (1.0f + exact_erf(x * SQRT_HALF));
    float density = INVERSE_SQRT_TWO_PI * exact_exp(-0.5f * (x * x));
    return FMA(x, density, below);
}

FN float gelu_tanh_slope(float x) {
    float square = x * x;
    float t = exact_tanh(SQRT_TWO_OVER_PI * FMA(GELU_CUBIC * square, x, x));
    float inner = SQRT_TWO_OVER_PI * FMA(THREE_CUBIC, square, 1.0f);
    return FMA((0.5f * x) * tanh_slope(t), inner, 0.5f * (1.0f + t));
}

/* g f'(x); +0 where ReLU and ReLU6 are flat, whatever g is. */
FN float activation_gradient(int activation, float x, float g) {
    switch (activation) {
    case ACTIVATION_RELU: return x <= 0.0f ? 0.0f : g;
    case ACTIVATION_RELU6: return x <= 0.0f || x >= 6.0f ? 0.0f : g;
    case ACTIVATION_SILU: return g * swish_slope(x, 1.0f);
    case ACTIVATION_GELU: return g * gelu_slope(x);
    case ACTIVATION_GELU_TANH: return g * gelu_tanh_slope(x);
    case ACTIVATION_QUICK_GELU: return g * swish_slope(x, QUICK_GELU);
    case ACTIVATION_SIGMOID: return g * sigmoid_slope(x);
    case ACTIVATION_TANH: return g * tanh_slope(exact_tanh(x));
    default: return g;
    }
}

#endif
