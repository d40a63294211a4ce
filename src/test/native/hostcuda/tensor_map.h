/* What driver.cpp writes into a CUtensorMap, and what a copy by it does (CUDA Programming Guide, "Tensor Memory
 * Accelerator"). Tiled maps of tensors of 2-byte elements. */
#ifndef REVERIE_TENSOR_MAP_H
#define REVERIE_TENSOR_MAP_H

#include <cstdint>
#include <cstring>

struct EmulatedMap {
    char *base;
    uint32_t rank;
    uint32_t swizzle; /* CUtensorMapSwizzle: 3 is 128 bytes */
    uint64_t extent[5];
    uint64_t stride[4]; /* bytes, from the second axis on */
    uint16_t box[5];

    static EmulatedMap of(const void *map) {
        EmulatedMap m;
        memcpy(&m, map, sizeof m);
        return m;
    }

    /* Moves the box at these coordinates to shared memory, or back; the bytes that a load brings. */
    int move(const int at[5], char *memory, unsigned place, bool load) const {
        unsigned counts[5];
        unsigned all = 1;
        for (int a = 0; a < 5; a++) {
            counts[a] = a < (int)rank ? box[a] : 1;
            all *= counts[a];
        }
        for (unsigned i = 0; i < all; i++) {
            unsigned rest = i;
            bool inside = true;
            char *outer = base;
            for (int a = 0; a < (int)rank; a++) {
                int64_t c = at[a] + (int64_t)(rest % counts[a]);
                rest /= counts[a];
                inside = inside && c >= 0 && (uint64_t)c < extent[a];
                outer += c * (int64_t)(a == 0 ? 2 : stride[a - 1]);
            }
            unsigned address = place + 2 * i;
            if (swizzle == 3) address ^= (address >> 7 & 7) << 4;
            char *inner = memory + address;
            if (!load) {
                if (inside) memcpy(outer, inner, 2);
            } else if (inside) {
                memcpy(inner, outer, 2);
            } else {
                memset(inner, 0, 2);
            }
        }
        return (int)all * 2;
    }
};

#endif
