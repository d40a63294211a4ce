/* Numbers of any dtype by way of binary64: conversions, and comparisons of what is not f32. For devices with binary64. */
#ifndef __CUDACC__
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#include "compare.h"
#include "view.h"
#ifdef __CUDACC__
#include <cuda_fp16.h>
#endif

FN double read_number(GLOBAL const uchar *p, int dtype, int i) {
    switch (dtype) {
    case DTYPE_F32: return ((GLOBAL const float *)p)[i];
#ifdef __CUDACC__
    case DTYPE_F16: return __half2float(((GLOBAL const __half *)p)[i]);
#else
    case DTYPE_F16: return vload_half(i, (GLOBAL const half *)p);
#endif
    case DTYPE_BF16: return FLOAT((int)((uint)((GLOBAL const ushort *)p)[i] << 16));
    case DTYPE_I32: return ((GLOBAL const int *)p)[i];
    case DTYPE_I64: return (double)((GLOBAL const int64 *)p)[i];
    case DTYPE_U8: return p[i];
    default: return ((GLOBAL const double *)p)[i];
    }
}

/* Cut off towards 0, held to the range; NaN is 0. */
FN int to_int(double x) {
    return x != x ? 0 : x >= 2147483647.0 ? 2147483647 : x <= -2147483648.0 ? (int)0x80000000 : (int)x;
}

FN int64 to_int64(double x) {
    return x != x                      ? 0
           : x >= 9223372036854775807.0  ? (int64)0x7fffffffffffffff
           : x <= -9223372036854775808.0 ? (int64)0x8000000000000000
                                         : (int64)x;
}

/* Rounded to nearest even; a NaN stays one. */
FN ushort to_bfloat(float x) {
    uint bits = (uint)BITS(x);
    if (x != x) {
        return (ushort)(bits >> 16 | 0x40);
    }
    return (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

FN void write_number(GLOBAL uchar *p, int dtype, int i, double x) {
    switch (dtype) {
    case DTYPE_F32: ((GLOBAL float *)p)[i] = (float)x; break;
#ifdef __CUDACC__
    case DTYPE_F16: ((GLOBAL __half *)p)[i] = __float2half_rn((float)x); break;
#else
    case DTYPE_F16: vstore_half_rte((float)x, i, (GLOBAL half *)p); break;
#endif
    case DTYPE_BF16: ((GLOBAL ushort *)p)[i] = to_bfloat((float)x); break;
    case DTYPE_I32: ((GLOBAL int *)p)[i] = to_int(x); break;
    case DTYPE_I64: ((GLOBAL int64 *)p)[i] = to_int64(x); break;
    case DTYPE_U8: p[i] = (uchar)to_int(x); break;
    default: ((GLOBAL double *)p)[i] = x; break;
    }
}

KERNEL cast_number(GLOBAL const uchar *in, View v, int from, GLOBAL uchar *out, int y0, int to, int n) {
    int i = GLOBAL_ID;
    if (i < n) {
        write_number(out, to, y0 + i, read_number(in, from, at(v, i)));
    }
}

KERNEL compare_number(GLOBAL const uchar *left, View v, GLOBAL const uchar *right, View w, GLOBAL uchar *out, int y0, int n,
                      int which, int dtype) {
    int i = GLOBAL_ID;
    if (i < n) {
        double a = read_number(left, dtype, at(v, i));
        double b = read_number(right, dtype, at(w, i));
        out[y0 + i] = COMPARE(which, a, b) ? 1 : 0;
    }
}
