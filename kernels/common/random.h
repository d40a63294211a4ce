/* Draws from the streams of Philox. A work item fills one block of four numbers, or one element where it depends on others. */
#include "indices.h"
#include "philox.h"

KERNEL op_uniform(GLOBAL float *out, int y0, int n, int64 seed, int64 stream, int64 offset) {
    uint64 block = ((uint64)offset >> 2) + (uint64)GLOBAL_ID;
    int64 first = (int64)(block << 2) - offset;
    if (first < n) {
        PhiloxBlock b = philox(seed, stream, block);
        for (int w = 0; w < 4; w++) {
            int64 i = first + w;
            if (i >= 0 && i < n) {
                out[y0 + (int)i] = uniform_of(b.word[w]);
            }
        }
    }
}

KERNEL op_normal(GLOBAL float *out, int y0, int n, int64 seed, int64 stream, int64 offset) {
    uint64 block = ((uint64)offset >> 2) + (uint64)GLOBAL_ID;
    int64 first = (int64)(block << 2) - offset;
    if (first < n) {
        PhiloxBlock b = philox(seed, stream, block);
        for (int w = 0; w < 4; w++) {
            int64 i = first + w;
            if (i >= 0 && i < n) {
                out[y0 + (int)i] = normal_of(b.word[w & 2], b.word[(w & 2) + 1], w & 1);
            }
        }
    }
}

/* Element i is number offset + rows[i / each] * each + i % each. */
KERNEL op_normal_rows(GLOBAL const uchar *rows, int wide, View v, GLOBAL float *out, int y0, int n, int each, int64 seed,
                      int64 stream, int64 offset) {
    int i = GLOBAL_ID;
    if (i < n) {
        int64 row = read_index(rows, wide, at(v, i / each));
        out[y0 + i] = normal_at(seed, stream, (uint64)(offset + row * each + i % each));
    }
}

KERNEL op_dropout(GLOBAL const float *in, View v, GLOBAL float *out, int y0, int n, float probability, float scale,
                  int64 seed, int64 stream, int64 offset) {
    int i = GLOBAL_ID;
    if (i < n) {
        int stays = uniform_at(seed, stream, (uint64)(offset + i)) >= probability;
        out[y0 + i] = stays ? in[at(v, i)] * scale : 0.0f;
    }
}
