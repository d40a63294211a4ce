/* Philox4x32-10 and what is drawn from it: org.reverie.random.Philox, docs/numerics.md rule 6. */
#ifndef REVERIE_PHILOX_H
#define REVERIE_PHILOX_H

#include "math.h"

typedef struct {
    uint word[4];
} PhiloxBlock;

FN PhiloxBlock philox(uint64 seed, uint64 stream, uint64 block) {
    uint k0 = (uint)seed;
    uint k1 = (uint)(seed >> 32);
    uint c0 = (uint)block;
    uint c1 = (uint)(block >> 32);
    uint c2 = (uint)stream;
    uint c3 = (uint)(stream >> 32);
    for (int i = 0; i < 10; i++) {
        uint high0 = MUL_HI(0xd2511f53u, c0);
        uint low0 = 0xd2511f53u * c0;
        uint high1 = MUL_HI(0xcd9e8d57u, c2);
        uint low1 = 0xcd9e8d57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    PhiloxBlock b;
    b.word[0] = c0;
    b.word[1] = c1;
    b.word[2] = c2;
    b.word[3] = c3;
    return b;
}

FN float uniform_of(uint word) {
    return (float)(int)(word >> 8) * 0x1p-24f;
}

/* The normal number of an even (odd = 0) or odd index from the two words of its pair. */
FN float normal_of(uint even_word, uint odd_word, int odd) {
    float u = (float)(int)((even_word >> 8) + 1) * 0x1p-24f;
    float r = SQRT(-2.0f * exact_log(u));
    float a = TWO_PI * uniform_of(odd_word);
    return r * (odd ? exact_sin(a) : exact_cos(a));
}

FN float uniform_at(uint64 seed, uint64 stream, uint64 index) {
    PhiloxBlock b = philox(seed, stream, index >> 2);
    return uniform_of(b.word[(int)index & 3]);
}

FN float normal_at(uint64 seed, uint64 stream, uint64 index) {
    PhiloxBlock b = philox(seed, stream, index >> 2);
    int pair = (int)index & 2;
    return normal_of(b.word[pair], b.word[pair + 1], (int)index & 1);
}

#endif
