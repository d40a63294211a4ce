/* Layer and group normalisation for OpenCL on GPUs, in one launch: mean, variance and result. x is seen as
 * [outer, spatial, groups, channels] (common/norm.h), channels and what shares a mean being multiples of four. Eight work
 * items, a team, have the 32 lanes of a segment's sum, four each. A statistic of one segment is made by a team, of which a
 * group has eight; a longer one by a group, whose teams take its segments in turn. */
#include "../common/activation.h"
#include "../common/lanes.h"

#define TEAM 8
#define TEAMS 8
#define ITEMS (TEAM * TEAMS)
#define MOST_SEGMENTS 32 /* whose sums are one to a lane */

typedef struct {
    int spatial;
    int groups;
    int channels;
    int has_weight;
    int has_bias;
    int activation;
    float epsilon;
} Norm;

/* The sum of a team's lanes, known to all of it. Every work item of the group comes here. */
static float add_team(__local float4 *lane, float4 mine) {
    __local const float4 *team = lane + LOCAL_ID / TEAM * TEAM;
    lane[LOCAL_ID] = mine;
    BARRIER;
    float4 v = ((team[0] + team[4]) + (team[2] + team[6])) + ((team[1] + team[5]) + (team[3] + team[7]));
    BARRIER;
    return (v.s0 + v.s2) + (v.s1 + v.s3);
}

/* The sum of up to 32 numbers, one to a lane. */
static float add_segments(__local const float *segment, int n) {
    float lane[LANES];
    for (int l = 0; l < LANES; l++) {
        lane[l] = l < n ? 0.0f + segment[l] : 0.0f;
    }
    return fold_lanes(lane);
}

/* Elements e, e + 1, ... of a statistic. */
static int element(Norm s, int outer, int group, int e) {
    int pixel = e / s.channels;
    return ((outer * s.spatial + pixel) * s.groups + group) * s.channels + e - pixel * s.channels;
}

/* What one pass over the statistic's elements adds: x, or the square of x - mean. */
static float add_all(__global const float *x, Norm s, int outer, int group, int each, int active, int squares, float mean,
                     __local float4 *lane, __local float *segment) {
    int segments = (each + SEGMENT - 1) / SEGMENT;
    int first = segments == 1 ? 0 : LOCAL_ID / TEAM;
    float total = 0.0f;
    for (int round = 0; round < segments; round += TEAMS) {
        int mine = first + round;
        int end = each - mine * SEGMENT < SEGMENT ? each : (mine + 1) * SEGMENT;
        float4 sum = (float4)0.0f;
        if (active && mine < segments) {
            for (int e = mine * SEGMENT + LOCAL_ID % TEAM * 4; e < end; e += LANES) {
                float4 v = vload4(0, x + element(s, outer, group, e));
                float4 d = v - mean;
                sum = sum + (squares ? d * d : v);
            }
        }
        total = add_team(lane, sum);
        if (segments > 1 && mine < segments && LOCAL_ID % TEAM == 0) {
            segment[mine] = total;
        }
    }
    if (segments > 1) {
        BARRIER;
        total = add_segments(segment, segments);
        BARRIER;
    }
    return total;
}

/* weight and bias have groups * channels numbers; `means` is how many statistics of `each` elements there are */
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void normalize_rows(
    __global float *out, int y0, int means, int each, Norm s, __global const float *x_of, int x0, __global const float *weight,
    int w0, __global const float *bias, int b0) {
    __local float4 lane[ITEMS];
    __local float segment[MOST_SEGMENTS];
    int alone = each > SEGMENT;
    int statistic = alone ? GROUP_ID : GROUP_ID * TEAMS + LOCAL_ID / TEAM;
    int active = statistic < means;
    int outer = statistic / s.groups;
    int group = statistic - outer * s.groups;
    __global const float *x = x_of + x0;
    float mean = add_all(x, s, outer, group, each, active, 0, 0.0f, lane, segment) / (float)each;
    float variance = add_all(x, s, outer, group, each, active, 1, mean, lane, segment) / (float)each;
    if (!active) {
        return;
    }
    float scale = 1.0f / SQRT(variance + s.epsilon);
    int step = 4 * (alone ? ITEMS : TEAM);
    for (int e = 4 * (alone ? LOCAL_ID : LOCAL_ID % TEAM); e < each; e += step) {
        int i = element(s, outer, group, e);
        int p = i % (s.groups * s.channels);
        float4 normal = (vload4(0, x + i) - mean) * scale;
        float4 w = s.has_weight ? vload4(0, weight + w0 + p) : (float4)1.0f;
        float4 b = s.has_bias ? vload4(0, bias + b0 + p) : (float4)0.0f;
        float numbers[4];
        vstore4(fma(normal, w, b), 0, numbers);
        for (int c = 0; c < 4; c++) {
            numbers[c] = activate(s.activation, numbers[c]);
        }
        vstore4(vload4(0, numbers), 0, out + y0 + i);
    }
}
