package org.reverie.io;

import java.io.IOException;
import java.util.List;

/** One reader to be fuzzed: its name on the command line, small valid files, and how to read one. */
public interface FuzzTarget {
    String name();

    /** Valid files, each small (a few hundred bytes to a few kilobytes), together touching every branch of the format. */
    List<byte[]> seeds() throws IOException;

    /**
     * Reads the file and uses what comes out (touches first and last elements, say). Returns normally or throws
     * {@link FormatException}; everything else is a finding.
     */
    void read(Source file) throws IOException;

    static FuzzTarget of(String name, List<byte[]> seeds, Reader reader) {
        return new FuzzTarget() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<byte[]> seeds() {
                return seeds;
            }

            @Override
            public void read(Source file) throws IOException {
                reader.read(file);
            }
        };
    }

    @FunctionalInterface
    interface Reader {
        void read(Source file) throws IOException;
    }
}
