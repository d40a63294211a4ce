package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.reverie.numerics.Coefficients;
import org.reverie.numerics.Contract;

/** The kernels' texts by themselves: they carry the contract's constants. */
final class KernelSourcesTest {
    private static final Path COMMON = Path.of("kernels", "common");

    @Test
    void theCoefficientsAreThoseOfTheSpecification() throws Exception {
        Map<String, String> defined = defines("coefficients.h");
        for (Field f : Coefficients.class.getFields()) {
            String text = defined.remove(f.getName());
            assertTrue(text != null, f.getName() + " is not in coefficients.h");
            String number = text.replaceAll("[()]", "");
            if (f.getType() == int.class) {
                assertEquals(f.getInt(null), Integer.decode(number), f.getName());
            } else {
                assertEquals(
                        Float.floatToRawIntBits(f.getFloat(null)),
                        Float.floatToRawIntBits(Float.parseFloat(number)),
                        f.getName());
            }
        }
        assertTrue(defined.isEmpty(), "left over: " + defined.keySet());
    }

    @Test
    void theConstantsOfTheContractAreTheSame() throws IOException {
        assertEquals("" + Contract.LANES, defines("lanes.h").get("LANES"));
        assertEquals("" + Contract.SEGMENT, defines("lanes.h").get("SEGMENT"));
        assertEquals("" + Contract.CHUNK, defines("contract.h").get("CHUNK"));
    }

    @Test
    void aProgramHoldsEachHeaderOnce() {
        String program = Sources.of("common/random.h");
        assertTrue(!program.contains("#include \""), "an include is left");
        assertEquals(2, program.split("define REVERIE_MATH_H", -1).length);
    }

    private static Map<String, String> defines(String file) throws IOException {
        Matcher m = Pattern.compile("#define (\\w+) ([^\\n]+)").matcher(Files.readString(COMMON.resolve(file)));
        Map<String, String> found = new HashMap<>();
        while (m.find()) {
            found.put(m.group(1), m.group(2).strip());
        }
        return found;
    }
}
