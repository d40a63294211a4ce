package org.reverie.device.opencl;

import java.util.List;

/**
 * The numbers that {@code kernels/opencl/gemm.cl} is built with, beside the width of the device's vectors. Results have the same
 * bits with all of them.
 *
 * @param rows of a tile of two vectors of columns, which stays in registers: 12, 8 or 6
 * @param panels of columns that share packed rows
 */
record CpuTile(int rows, int panels) {
    static final List<CpuTile> ALL = List.of(
            new CpuTile(12, 4),
            new CpuTile(12, 2),
            new CpuTile(12, 8),
            new CpuTile(8, 4),
            new CpuTile(8, 8),
            new CpuTile(6, 4),
            new CpuTile(6, 8));

    /** What fits the registers: 32 of them with AVX-512 and NEON, else 16. */
    static CpuTile usual(ClDevice device) {
        return switch (device.vector()) {
            case 16 -> new CpuTile(12, 4);
            case 8 -> new CpuTile(6, 4);
            default -> new CpuTile(8, 4);
        };
    }

    /** @throws IllegalArgumentException if none is called so */
    static CpuTile named(String name) {
        return ALL.stream()
                .filter(t -> t.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no tile is called " + name));
    }

    String definitions(ClDevice device) {
        return "#define WIDTH " + device.vector() + "\n#define ROWS " + rows + "\n#define PANELS " + panels + "\n";
    }

    @Override
    public String toString() {
        return rows + "x" + panels;
    }
}
