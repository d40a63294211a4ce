/* What follows the sum of a contraction, in the order of docs/numerics.md: + bias, + residual, activation. */
#ifndef REVERIE_EPILOGUE_H
#define REVERIE_EPILOGUE_H

#include "activation.h"

typedef struct {
    int has_bias;
    int has_residual;
    int activation;
} Epilogue;

/* Element i of the result, whose channel is c. */
FN float finish(Epilogue e, float sum, GLOBAL const float *bias, int c, GLOBAL const float *residual, int i) {
    float y = sum;
    if (e.has_bias) {
        y = y + bias[c];
    }
    if (e.has_residual) {
        y = y + residual[i];
    }
    return activate(e.activation, y);
}

#endif
