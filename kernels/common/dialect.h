/* One text for two compilers: the words in which OpenCL C 1.2 and CUDA C++ differ. The exact mode allows no contraction:
 * OpenCL is told here, nvcc by --fmad=false. */
#ifndef REVERIE_DIALECT_H
#define REVERIE_DIALECT_H

#ifdef __CUDACC__

#define KERNEL extern "C" __global__ void
#define GLOBAL
#define LOCAL __shared__
#define LOCAL_POINTER
#define CONSTANT static __constant__ const
#define FN static __device__ __forceinline__
#define GROUP_SIZE(n) __launch_bounds__(n)
#define BARRIER __syncthreads()
#define GLOBAL_ID ((int)(blockIdx.x * blockDim.x + threadIdx.x))
#define GROUP_ID ((int)blockIdx.x)
#define GROUP_ID_Y ((int)blockIdx.y)
#define GROUP_ID_Z ((int)blockIdx.z)
#define LOCAL_ID ((int)threadIdx.x)

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef long long int64;
typedef unsigned long long uint64;

#define FMA(a, b, c) __fmaf_rn(a, b, c)
#define SQRT(x) __fsqrt_rn(x)
#define BITS(x) __float_as_int(x)
#define FLOAT(i) __int_as_float(i)
#define MUL_HI(a, b) __umulhi(a, b)
#define LEADING_ZEROS(x) __clzll((long long)(x))

#else

#pragma OPENCL FP_CONTRACT OFF

#define KERNEL __kernel void
#define GLOBAL __global
#define LOCAL __local
#define LOCAL_POINTER __local
#define CONSTANT __constant
#define FN static
#define GROUP_SIZE(n)
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#define GLOBAL_ID ((int)get_global_id(0))
#define GROUP_ID ((int)get_group_id(0))
#define GROUP_ID_Y ((int)get_group_id(1))
#define GROUP_ID_Z ((int)get_group_id(2))
#define LOCAL_ID ((int)get_local_id(0))

typedef long int64;
typedef ulong uint64;

#define FMA(a, b, c) fma((float)(a), (float)(b), (float)(c))
#define SQRT(x) sqrt((float)(x))
#define BITS(x) as_int((float)(x))
#define FLOAT(i) as_float((int)(i))
#define MUL_HI(a, b) mul_hi((uint)(a), (uint)(b))
#define LEADING_ZEROS(x) ((int)clz((ulong)(x)))

#endif

#define INFINITE FLOAT(0x7f800000)
#define NOT_A_NUMBER FLOAT(0x7fc00000)
#define MAGNITUDE(x) FLOAT(BITS(x) & 0x7fffffff)
#define NEGATE(x) FLOAT(BITS(x) ^ 0x80000000)

/* The larger of two as the contract wants it: NaN wins, and +0 is more than -0. */
FN float larger(float a, float b) {
    if (a != a) return a;
    if (b != b) return b;
    if (a == b) return FLOAT(BITS(a) & BITS(b)); /* differs from both only for zeros of two signs */
    return a > b ? a : b;
}

/* The smaller of two: NaN wins, and -0 is less than +0. */
FN float smaller(float a, float b) {
    if (a != a) return a;
    if (b != b) return b;
    if (a == b) return FLOAT(BITS(a) | BITS(b));
    return a < b ? a : b;
}

#endif
