/* Comparisons by number, and the numbers of dtypes. */
#ifndef REVERIE_COMPARE_H
#define REVERIE_COMPARE_H

/* Ordinals of tensor.DType. */
#define DTYPE_F32 0
#define DTYPE_F16 1
#define DTYPE_BF16 2
#define DTYPE_I32 3
#define DTYPE_I64 4
#define DTYPE_U8 5
#define DTYPE_F64 6

#define EQUAL 0
#define NOT_EQUAL 1
#define LESS 2
#define LESS_EQUAL 3
#define GREATER 4
#define GREATER_EQUAL 5

#define COMPARE(which, a, b)                                                                                           \
    ((which) == EQUAL        ? (a) == (b)                                                                              \
     : (which) == NOT_EQUAL  ? (a) != (b)                                                                              \
     : (which) == LESS       ? (a) < (b)                                                                               \
     : (which) == LESS_EQUAL ? (a) <= (b)                                                                              \
     : (which) == GREATER    ? (a) > (b)                                                                               \
                             : (a) >= (b))

#endif
