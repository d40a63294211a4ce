package org.reverie.device.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;

/** Whether OpenCL's loader is installed. JOCL would find out too, but it prints to the terminal what it does not find. */
final class LoaderLibrary {
    private static final List<String> NAMES = List.of(
            "libOpenCL.so.1", "libOpenCL.so", "OpenCL.dll", "/System/Library/Frameworks/OpenCL.framework/OpenCL");

    private LoaderLibrary() {}

    static boolean isThere() {
        return NAMES.stream().anyMatch(LoaderLibrary::opens);
    }

    private static boolean opens(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(name, arena);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
