/* The instructions of kernels/cuda/fast/mma.h on a host. Written from the fragment layouts of the PTX ISA, not from the
 * kernels: a kernel that puts an element in a wrong place computes a wrong product here too. */
#ifndef REVERIE_EMULATED_MMA_H
#define REVERIE_EMULATED_MMA_H

static inline void copy16(uint to, const void *from, bool there) {
    if (to % 16 || (uintptr_t)from % 16) simt::fail("a copy of 16 bytes that is not aligned");
    simt::copy(simt::shared_memory() + to, there ? from : nullptr, 16);
}

static inline void commit_copies() {
    simt::commit_copies();
}

template <int N> void wait_for_copies() {
    simt::wait_for_copies(N);
}

struct EmulatedLoad {
    uint row;
    uint *d;
    char *memory;
};

template <bool TURNED> void emulated_load(uint (&d)[4], uint row) {
    EmulatedLoad mine = {row, d, simt::shared_memory()};
    if (row % 16) simt::fail("a row of a matrix that is not aligned");
    simt::collective(&mine, [](void *const lanes[32]) {
        for (int m = 0; m < 4; m++) {
            ushort e[8][8];
            for (int r = 0; r < 8; r++) {
                EmulatedLoad *l = (EmulatedLoad *)lanes[8 * m + r];
                memcpy(e[r], l->memory + l->row, 16);
            }
            for (int i = 0; i < 32; i++) {
                int r = i / 4, c = 2 * (i % 4);
                uint first = TURNED ? e[c][r] : e[r][c];
                uint second = TURNED ? e[c + 1][r] : e[r][c + 1];
                ((EmulatedLoad *)lanes[i])->d[m] = first | second << 16;
            }
        }
    });
}

static inline void load_matrices(uint (&d)[4], uint row) {
    emulated_load<false>(d, row);
}

static inline void load_turned(uint (&d)[4], uint row) {
    emulated_load<true>(d, row);
}

struct EmulatedProduct {
    const uint *a;
    uint b[2];
    float *d;
};

template <class T> void multiply_add(float (&d)[4], const uint (&a)[4], uint b0, uint b1) {
    EmulatedProduct mine = {a, {b0, b1}, d};
    simt::collective(&mine, [](void *const lanes[32]) {
        double a[16][16], b[16][8];
        for (int i = 0; i < 32; i++) {
            const EmulatedProduct *p = (const EmulatedProduct *)lanes[i];
            int group = i / 4, in = 2 * (i % 4);
            for (int m = 0; m < 4; m++) {
                a[group + 8 * (m & 1)][in + 8 * (m >> 1)] = T::first(p->a[m]);
                a[group + 8 * (m & 1)][in + 8 * (m >> 1) + 1] = T::second(p->a[m]);
            }
            for (int m = 0; m < 2; m++) {
                b[in + 8 * m][group] = T::first(p->b[m]);
                b[in + 8 * m + 1][group] = T::second(p->b[m]);
            }
        }
        for (int i = 0; i < 32; i++) {
            EmulatedProduct *p = (EmulatedProduct *)lanes[i];
            for (int e = 0; e < 4; e++) {
                int row = i / 4 + 8 * (e >> 1), column = 2 * (i % 4) + (e & 1);
                double sum = p->d[e];
                for (int k = 0; k < 16; k++) sum += a[row][k] * b[k][column];
                p->d[e] = (float)sum;
            }
        }
    });
}

#endif
