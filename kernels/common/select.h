/* Comparisons, logic, selection by a mask, changes of dtype and copies. */
#include "compare.h"
#include "view.h"

KERNEL compare_float(GLOBAL const float *left, View v, GLOBAL const float *right, View w, GLOBAL uchar *out, int y0, int n,
                     int which) {
    int i = GLOBAL_ID;
    if (i < n) {
        float a = left[at(v, i)];
        float b = right[at(w, i)];
        out[y0 + i] = COMPARE(which, a, b) ? 1 : 0;
    }
}

#define LOGIC(name, result)                                                                                            \
    KERNEL op_##name(GLOBAL const uchar *left, View v, GLOBAL const uchar *right, View w, GLOBAL uchar *out, int y0,   \
                     int n) {                                                                                          \
        int i = GLOBAL_ID;                                                                                             \
        if (i < n) {                                                                                                   \
            int a = left[at(v, i)] != 0;                                                                               \
            int b = right[at(w, i)] != 0;                                                                              \
            out[y0 + i] = (result) ? 1 : 0;                                                                            \
        }                                                                                                              \
    }

LOGIC(logical_and, a && b)
LOGIC(logical_or, a || b)

KERNEL op_logical_not(GLOBAL const uchar *in, View v, GLOBAL uchar *out, int y0, int n) {
    int i = GLOBAL_ID;
    if (i < n) {
        out[y0 + i] = in[at(v, i)] == 0 ? 1 : 0;
    }
}

KERNEL op_is_nan(GLOBAL const float *in, View v, GLOBAL uchar *out, int y0, int n) {
    int i = GLOBAL_ID;
    if (i < n) {
        float x = in[at(v, i)];
        out[y0 + i] = x != x ? 1 : 0;
    }
}

KERNEL op_where(GLOBAL const uchar *mask, View u, GLOBAL const float *a, View v, GLOBAL const float *b, View w,
                GLOBAL float *out, int y0, int n) {
    int i = GLOBAL_ID;
    if (i < n) {
        out[y0 + i] = mask[at(u, i)] != 0 ? a[at(v, i)] : b[at(w, i)];
    }
}

#define COPY(bytes, type)                                                                                              \
    KERNEL copy_##bytes(GLOBAL const type *from, View v, GLOBAL type *to, View w, int n) {                             \
        int i = GLOBAL_ID;                                                                                             \
        if (i < n) {                                                                                                   \
            to[at(w, i)] = from[at(v, i)];                                                                             \
        }                                                                                                              \
    }

COPY(1, uchar)
COPY(2, ushort)
COPY(4, int)
COPY(8, int64)
