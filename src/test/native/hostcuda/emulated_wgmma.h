/* wgmma on a host. A product is computed when it is waited for, from what then lies in shared memory, by the descriptor's
 * fields: a stage that is filled again too early spoils it. */
#ifndef REVERIE_EMULATED_WGMMA_H
#define REVERIE_EMULATED_WGMMA_H

static inline void fence_products() {}

static inline void commit_products() {
    simt::commit(simt::PRODUCTS);
}

template <int N> void wait_for_products() {
    simt::wait(simt::PRODUCTS, N);
    __syncwarp();
}

template <int COUNT> void pin(float (&)[COUNT]) {}

template <int N> void take_registers() {}

template <int N> void give_registers() {}

/* Element (line, k) of an operand, k below 16. */
template <class T> float element_of(const char *memory, uint64 descriptor, int line, int k) {
    uint start = (uint)(descriptor & 0x3fff) << 4;
    uint eight_lines = (uint)(descriptor >> 32 & 0x3fff) << 4;
    if (descriptor >> 62 != 1) simt::fail("a descriptor without the 128-byte swizzle");
    uint address = start + (uint)(line / 8) * eight_lines + (uint)(line % 8) * 128 + 2 * (uint)k;
    address ^= (address >> 7 & 7) << 4;
    ushort bits;
    memcpy(&bits, memory + address, 2);
    return T::first(bits);
}

/* The same of a right operand that is turned. */
template <class T> float turned_element_of(const char *memory, uint64 descriptor, int line, int k) {
    uint start = (uint)(descriptor & 0x3fff) << 4;
    uint box = (uint)(descriptor >> 16 & 0x3fff) << 4;
    uint eight = (uint)(descriptor >> 32 & 0x3fff) << 4;
    if (descriptor >> 62 != 1) simt::fail("a descriptor without the 128-byte swizzle");
    uint address = start + (uint)(line / 64) * box + (uint)(k / 8) * eight + (uint)(k % 8) * 128 + 2 * (uint)(line % 64);
    address ^= (address >> 7 & 7) << 4;
    ushort bits;
    memcpy(&bits, memory + address, 2);
    return T::first(bits);
}

template <class T> struct Products {
    template <int COUNT> static void add(float (&d)[COUNT], const uint (&a)[4], uint64 b) {
        float *sums = d;
        const char *memory = simt::shared_memory();
        int in = 2 * (LANE % 4);
        float left[2][16];
        for (int m = 0; m < 4; m++) {
            for (int l = 0; l < 4; l++) {
                uint pair = __shfl_sync(ALL_LANES, a[m], LANE / 4 * 4 + l);
                left[m & 1][8 * (m >> 1) + 2 * l] = T::first(pair);
                left[m & 1][8 * (m >> 1) + 2 * l + 1] = T::second(pair);
            }
        }
        std::array<std::array<float, 16>, 2> kept;
        memcpy(&kept, left, sizeof left);
        simt::enqueue(simt::PRODUCTS, [=] {
            for (int i = 0; i < COUNT / 4; i++) {
                for (int c = 0; c < 2; c++) {
                    double sum[2] = {0, 0};
                    for (int k = 0; k < 16; k++) {
                        double right = turned_element_of<T>(memory, b, 8 * i + in + c, k);
                        sum[0] += kept[0][k] * right;
                        sum[1] += kept[1][k] * right;
                    }
                    for (int r = 0; r < 2; r++) sums[4 * i + 2 * r + c] = (float)(sum[r] + sums[4 * i + 2 * r + c]);
                }
            }
        });
    }

    template <int COUNT> static void multiply(float (&d)[COUNT], uint64 a, uint64 b, int add) {
        float *sums = d;
        const char *memory = simt::shared_memory();
        int first = (int)threadIdx.x % 128 / 32 * 16 + LANE / 4;
        int in = 2 * (LANE % 4);
        simt::enqueue(simt::PRODUCTS, [=] {
            float left[2][16];
            for (int r = 0; r < 2; r++) {
                for (int k = 0; k < 16; k++) left[r][k] = element_of<T>(memory, a, first + 8 * r, k);
            }
            for (int i = 0; i < COUNT / 4; i++) {
                for (int c = 0; c < 2; c++) {
                    double sum[2] = {0, 0};
                    for (int k = 0; k < 16; k++) {
                        double right = element_of<T>(memory, b, 8 * i + in + c, k);
                        sum[0] += left[0][k] * right;
                        sum[1] += left[1][k] * right;
                    }
                    for (int r = 0; r < 2; r++) {
                        float &s = sums[4 * i + 2 * r + c];
                        s = (float)(sum[r] + (add ? s : 0.0));
                    }
                }
            }
        });
    }
};

#endif
