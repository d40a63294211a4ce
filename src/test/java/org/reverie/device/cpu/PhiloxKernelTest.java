package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.random.Philox;

class PhiloxKernelTest {
    private static final long SEED = 0x8badf00d12345678L;
    private static final long STREAM = Philox.stream("test", 1);

    /** Ranges: empty, within one block, across tiles, ragged at both ends, and where the block number passes 2³². */
    private static final long[][] RANGES = {
        {0, 0}, {1, 3}, {0, 64}, {5, 37}, {31, 10_007}, {4096, 9000}, {(1L << 34) - 77, (1L << 34) + 501}
    };

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void theBitsOfTheScalarGenerator(int bits) {
        MathProbe probe = MathProbe.of(bits);
        for (long[] range : RANGES) {
            float[] expected = new float[(int) (range[1] - range[0])];
            Philox.fillUniform(SEED, STREAM, range[0], expected);
            assertArrayEquals(expected, draw(probe, false, range[0], range[1]));
            Philox.fillNormal(SEED, STREAM, range[0], expected);
            assertArrayEquals(expected, draw(probe, true, range[0], range[1]));
        }
    }

    private static float[] draw(MathProbe probe, boolean normal, long from, long to) {
        int n = (int) (to - from);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4L * n + 8, 64);
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, n, 7f);
            probe.random(normal, SEED, STREAM, from, to, memory.address());
            assertEquals(7f, memory.getAtIndex(ValueLayout.JAVA_FLOAT, n), "written behind the end");
            return memory.asSlice(0, 4L * n).toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
