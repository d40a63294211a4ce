package org.reverie.device;

import java.util.List;

/** Finds and opens backends of one kind. Implementations are listed under {@code META-INF/services}. */
public interface BackendProvider {
    /** The first part of a device's name: {@code cpu} in {@code cpu}, {@code opencl} in {@code opencl:0}. */
    String kind();

    /** One line for each device of this kind that is there now, or one line that says why there is none. */
    List<String> list();

    /**
     * @param index the number after the colon of a device's name, 0 if there is none
     * @param fallback what to run ops on that the backend has no kernel for; null if there is nothing
     */
    Backend open(int index, BackendOptions options, Backend fallback);
}
