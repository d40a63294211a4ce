package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FormatExceptionTest {
    @Test
    void namesFilePlaceAndRule() {
        assertEquals(
                "a.npy: byte 6: version 9 is unknown",
                new FormatException("a.npy", "byte 6", "version 9 is unknown").getMessage());
        assertEquals("a.npy: is empty", new FormatException("a.npy", "", "is empty").getMessage());
    }

    @Test
    void staysOneLineWhateverTheFileSays() {
        String message = new FormatException("a", "x\n\u001b[31m\u202e\u2028\ud800", "y".repeat(5000)).getMessage();
        assertTrue(message.startsWith("a: x\\u000a\\u001b[31m\\u202e\\u2028\\ud800: yyy"), message);
        assertTrue(message.length() < 700, message);
    }
}
