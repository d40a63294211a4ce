/* The elementary functions of the contract (docs/numerics.md, rule 5): org.reverie.numerics.Elementary and Power,
 * operation by operation. Only +, -, *, /, sqrt and fma in binary32 and integer operations on the bits occur. */
#ifndef REVERIE_MATH_H
#define REVERIE_MATH_H

#include "dialect.h"
#include "coefficients.h"

#define SMALLEST_NORMAL 0x1p-126f
#define TWO_PI 0x1.921fb6p2f

FN float with_sign(float y, float x) {
    return FLOAT((BITS(y) & 0x7fffffff) | (BITS(x) & 0x80000000));
}

/* (e^r - 1) / r on |r| <= ln 2 / 2 */
FN float exp_tail(float r) {
    float p = EXP_4;
    p = FMA(p, r, EXP_3);
    p = FMA(p, r, EXP_2);
    p = FMA(p, r, EXP_1);
    p = FMA(p, r, EXP_0);
    return FMA(p, r, 1.0f);
}

FN float exp_polynomial(float r) {
    return FMA(exp_tail(r), r, 1.0f);
}

/* p * 2^n for p about 1 and -152 <= n <= 129, rounded once also where the result is subnormal */
FN float scale_by(float p, int n) {
    int half_n = n >> 1;
    return p * FLOAT((int)((uint)(half_n + 127) << 23)) * FLOAT((int)((uint)(n - half_n + 127) << 23));
}

FN float exact_exp(float x) {
    float c = x > EXP_MAX ? EXP_MAX : x;
    c = c < EXP_MIN ? EXP_MIN : c;
    float t = FMA(c, LOG2E, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -LN2_HI, c);
    r = FMA(n, -LN2_LO, r);
    return scale_by(exp_polynomial(r), BITS(t) - ROUND_BITS);
}

/* e^x for -40 <= x <= 40, where 2^n is a normal float; NaN for NaN */
FN float exp_middle(float x) {
    float t = FMA(x, LOG2E, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -LN2_HI, x);
    r = FMA(n, -LN2_LO, r);
    int e = BITS(t) - ROUND_BITS;
    return FLOAT((int)((uint)(e + 127) << 23)) * exp_polynomial(r);
}

FN float exact_expm1(float x) {
    float c = x > EXP_MAX ? EXP_MAX : x;
    c = c < EXPM1_MIN ? EXPM1_MIN : c;
    float t = FMA(c, LOG2E, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -LN2_HI, c);
    r = FMA(n, -LN2_LO, r);
    float p = EXPM1_5;
    p = FMA(p, r, EXPM1_4);
    p = FMA(p, r, EXPM1_3);
    p = FMA(p, r, EXPM1_2);
    p = FMA(p, r, EXPM1_1);
    p = FMA(p, r, EXPM1_0);
    float u = FMA(p, r * r, r);
    float s = FLOAT((int)((uint)(BITS(t) - ROUND_BITS + 126) << 23));
    float h = FMA(s, u, s - 0.5f);
    return with_sign(n == 0.0f ? u : h + h, x);
}

/* ln(1 + f) + k ln 2 */
FN float log_sum(float f, float k) {
    float z = f * f;
    float p = LOG_8;
    p = FMA(p, f, LOG_7);
    p = FMA(p, f, LOG_6);
    p = FMA(p, f, LOG_5);
    p = FMA(p, f, LOG_4);
    p = FMA(p, f, LOG_3);
    p = FMA(p, f, LOG_2);
    p = FMA(p, f, LOG_1);
    p = FMA(p, f, LOG_0);
    float y = (f * z) * p;
    y = FMA(-0.5f, z, y);
    y = FMA(k, LN2_LO, y);
    y = y + f;
    return FMA(k, LN2_HI, y);
}

FN float exact_log(float x) {
    int tiny = x < SMALLEST_NORMAL;
    int i = (int)((uint)BITS(tiny ? x * 0x1p24f : x) - (uint)SQRT_HALF_BITS);
    float k = (float)((i >> 23) - (tiny ? 24 : 0));
    float f = FLOAT((i & 0x7fffff) + SQRT_HALF_BITS) - 1.0f;
    float y = log_sum(f, k);
    y = x < INFINITE ? y : x;
    y = x == 0.0f ? -INFINITE : y;
    return x < 0.0f ? NOT_A_NUMBER : y;
}

FN float exact_log1p(float x) {
    float u = 1.0f + x;
    float b = u - 1.0f;
    float lost = (1.0f - (u - b)) + (x - b);
    int i = (int)((uint)BITS(u) - (uint)SQRT_HALF_BITS);
    int k = i >> 23;
    float c = x < 0x1p25f ? lost * FLOAT((int)((uint)(127 - k) << 23)) : 0.0f;
    float f = (FLOAT((i & 0x7fffff) + SQRT_HALF_BITS) - 1.0f) + c;
    float y = log_sum(f, (float)k);
    y = x < INFINITE ? y : x;
    y = x == -1.0f ? -INFINITE : y;
    return x < -1.0f ? NOT_A_NUMBER : with_sign(y, x);
}

FN float exact_tanh(float x) {
    float a = MAGNITUDE(x);
    float s = a * a;
    float p = TANH_4;
    p = FMA(p, s, TANH_3);
    p = FMA(p, s, TANH_2);
    p = FMA(p, s, TANH_1);
    p = FMA(p, s, TANH_0);
    float small = FMA(s * p, a, a);
    float c = a > TANH_ONE ? TANH_ONE : a;
    float big = 1.0f - 2.0f / (exp_middle(c + c) + 1.0f);
    return with_sign(a < TANH_SMALL ? small : big, x);
}

FN float exact_sigmoid(float x) {
    float c = -MAGNITUDE(x);
    c = c < EXP_MIN ? EXP_MIN : c;
    float t = FMA(c, LOG2E, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -LN2_HI, c);
    r = FMA(n, -LN2_LO, r);
    float u = r * exp_tail(r);
    int e = BITS(t) - ROUND_BITS;
    int half_e = e >> 1;
    float s = FLOAT((int)((uint)(half_e + 127) << 23));
    float s2 = FLOAT((int)((uint)(e - half_e + 127) << 23));
    float z = FMA(u, s, s) * s2;
    float d = 1.0f + z;
    float lost = z - (d - 1.0f);
    int below = x < 0.0f;
    float q = (below ? s : 1.0f) / d;
    float v = FMA(-lost, FMA(d, -0.5f, 1.5f), below ? u : 0.0f);
    return FMA(v, q, q) * (below ? s2 : 1.0f);
}

FN float exact_erf(float x) {
    float a = MAGNITUDE(x);
    float s = a * a;
    float p = ERF_6;
    p = FMA(p, s, ERF_5);
    p = FMA(p, s, ERF_4);
    p = FMA(p, s, ERF_3);
    p = FMA(p, s, ERF_2);
    p = FMA(p, s, ERF_1);
    p = FMA(p, s, ERF_0);
    float small = FMA(p, a, a);
    float c = a > ERF_ONE ? ERF_ONE : a;
    float q = ERFC_6;
    q = FMA(q, c, ERFC_5);
    q = FMA(q, c, ERFC_4);
    q = FMA(q, c, ERFC_3);
    q = FMA(q, c, ERFC_2);
    q = FMA(q, c, ERFC_1);
    q = FMA(q, c, ERFC_0);
    float big = 1.0f - exp_middle(-FMA(q, c, c));
    return with_sign(a < ERF_SMALL ? small : big, x);
}

/* A non-negative angle as quadrant * pi/2 + r, |r| <= pi/4; of the quadrant only the last two bits mean anything. */
typedef struct {
    int quadrant;
    float r;
} Angle;

/* 2/pi in binary after a word of zeros */
CONSTANT uint TWO_OVER_PI_WORDS[8] = {0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                      0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

/* 32 bits of 2/pi starting `shift` bits into a word */
FN uint64 two_over_pi_window(int word, int shift) {
    uint64 pair = (uint64)TWO_OVER_PI_WORDS[word] << 32 | TWO_OVER_PI_WORDS[word + 1];
    return pair << shift >> 32;
}

/* Payne and Hanek's method; see numerics.TrigReduction. */
FN Angle reduce_large(float a) {
    int bits = BITS(a);
    uint64 m = (uint64)((bits & 0x7fffff) | 0x800000);
    int first = (bits >> 23) - 150 + 30;
    int word = first >> 5;
    int shift = first & 31;
    uint64 product = (m * two_over_pi_window(word, shift) << 32) + m * two_over_pi_window(word + 1, shift)
                     + (m * two_over_pi_window(word + 2, shift) >> 32);
    int quadrant = (int)(((product >> 61) + 1) >> 1);
    int64 fraction = (int64)(product - ((uint64)quadrant << 62));
    uint64 magnitude = fraction < 0 ? (uint64)0 - (uint64)fraction : (uint64)fraction;
    int zeros = LEADING_ZEROS(magnitude);
    uint64 normal = magnitude << (zeros & 63);
    float hi = (float)(int)(normal >> 40) * 0x1p-22f;
    float lo = (float)((int)(normal >> 16) & 0xffffff) * 0x1p-46f;
    float p = hi * PIO2_1;
    float rest = FMA(hi, PIO2_1, -p);
    rest = FMA(hi, PIO2_2, rest);
    rest = FMA(lo, PIO2_1, rest);
    float r = (p + rest) * FLOAT((int)((uint)(127 - zeros) << 23));
    Angle w;
    w.quadrant = quadrant;
    w.r = fraction < 0 ? -r : r;
    return w;
}

FN Angle reduce_angle(float a) {
    if (a >= TRIG_LARGE && a < INFINITE) {
        return reduce_large(a);
    }
    float t = FMA(a, TWO_OVER_PI, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -PIO2_1, a);
    r = FMA(n, -PIO2_2, r);
    Angle w;
    w.r = FMA(n, -PIO2_3, r);
    w.quadrant = BITS(t) - ROUND_BITS;
    return w;
}

FN float sin_polynomial(float r) {
    float s = r * r;
    float p = SIN_3;
    p = FMA(p, s, SIN_2);
    p = FMA(p, s, SIN_1);
    p = FMA(p, s, SIN_0);
    return FMA(s * p, r, r);
}

FN float cos_polynomial(float r) {
    float s = r * r;
    float p = COS_2;
    p = FMA(p, s, COS_1);
    p = FMA(p, s, COS_0);
    return FMA(s * s, p, FMA(s, -0.5f, 1.0f));
}

FN float exact_sin(float x) {
    Angle w = reduce_angle(MAGNITUDE(x));
    float y = (w.quadrant & 1) == 0 ? sin_polynomial(w.r) : cos_polynomial(w.r);
    return FLOAT(BITS(y) ^ ((w.quadrant & 2) << 30) ^ (BITS(x) & 0x80000000));
}

FN float exact_cos(float x) {
    Angle w = reduce_angle(MAGNITUDE(x));
    int q = w.quadrant + 1;
    float y = (q & 1) == 0 ? sin_polynomial(w.r) : cos_polynomial(w.r);
    return FLOAT(BITS(y) ^ ((q & 2) << 30));
}

FN float exact_rsqrt(float x) {
    return 1.0f / SQRT(x);
}

FN int is_whole(float a) {
    return a >= 0x1p23f || (a + 0x1p23f) - 0x1p23f == a;
}

/* x^y for positive finite x and finite y: the logarithm in two floats; see numerics.Power. */
FN float pow_positive(float x, float y) {
    int tiny = x < SMALLEST_NORMAL;
    int i = (int)((uint)BITS(tiny ? x * 0x1p24f : x) - (uint)SQRT_HALF_BITS);
    float k = (float)((i >> 23) - (tiny ? 24 : 0));
    float m = FLOAT((i & 0x7fffff) + SQRT_HALF_BITS);

    float f = m - 1.0f;
    float d = m + 1.0f;
    float dl = m - (d - 1.0f);
    float q = f / d;
    float ql = FMA(-q, dl, FMA(-q, d, f)) / d;

    float s = q * q;
    float sl = FMA(q + q, ql, FMA(q, q, -s));
    float p = ATANH_3;
    p = FMA(p, s, ATANH_2);
    p = FMA(p, s, ATANH_1);
    p = FMA(p, s, ATANH_0);
    float tail = s * p;
    float c = THIRD_HI + tail;
    float cl = (tail - (c - THIRD_HI)) + THIRD_LO;
    float g = s * c;
    float gl = FMA(s, cl, FMA(sl, c, FMA(s, c, -g)));
    float e = q * g;
    float el = FMA(q, gl, FMA(ql, g, FMA(q, g, -e)));

    float h = q + e;
    float l = (e - (h - q)) + (el + ql);
    h = h + h;
    l = l + l;
    float a = k * LN2_SHORT;
    float sum = a + h;
    float rest = (h - (sum - a)) + FMA(k, LN2_REST, l);

    float z = y * sum;
    float zl = FMA(y, rest, FMA(y, sum, -z));
    zl = z <= EXP_MAX && z >= EXP_MIN ? zl : 0.0f;
    z = z > EXP_MAX ? EXP_MAX : z;
    z = z < EXP_MIN ? EXP_MIN : z;
    float t = FMA(z, LOG2E, ROUND);
    float n = t - ROUND;
    float r = FMA(n, -LN2_HI, z);
    r = r + FMA(n, -LN2_LO, zl);
    return scale_by(exp_polynomial(r), BITS(t) - ROUND_BITS);
}

FN float exact_pow(float x, float y) {
    if (x == 1.0f || y == 0.0f) return 1.0f;
    if (x != x || y != y) return NOT_A_NUMBER;
    float ax = MAGNITUDE(x);
    float ay = MAGNITUDE(y);
    int whole = is_whole(ay);
    int odd = whole && !is_whole(0.5f * ay);
    int negative = odd && BITS(x) < 0;
    float result;
    if (ay == INFINITE) {
        result = ax == 1.0f ? 1.0f : (ax > 1.0f) == (y > 0.0f) ? INFINITE : 0.0f;
    } else if (ax == 0.0f || ax == INFINITE) {
        result = (ax == 0.0f) == (y < 0.0f) ? INFINITE : 0.0f;
    } else if (x < 0.0f && !whole) {
        result = NOT_A_NUMBER;
    } else {
        result = pow_positive(ax, y);
    }
    return negative ? -result : result;
}

#endif
