package org.reverie.device.opencl;

import static org.jocl.CL.*;

import org.jocl.CLException;
import org.reverie.device.kernels.DeviceMemory;

/**
 * Drivers may hand out a buffer and look for its memory only when a command needs it. Then what the pool holds is given back
 * and the command enqueued once more.
 */
final class LateShortage {
    private final DeviceMemory<?> memory;
    private final Runnable finish;

    /** @param finish waits for the device, so that memory that is given back is really free */
    LateShortage(DeviceMemory<?> memory, Runnable finish) {
        this.memory = memory;
        this.finish = finish;
    }

    /** @throws OutOfMemoryError naming the largest owners, if there is no memory the second time either */
    void enqueue(String what, Runnable command) {
        try {
            command.run();
        } catch (CLException e) {
            if (!isOne(e)) {
                throw e;
            }
            finish.run();
            again(what, command, memory.trim());
        }
    }

    private void again(String what, Runnable command, long returned) {
        try {
            command.run();
        } catch (CLException e) {
            if (!isOne(e)) {
                throw e;
            }
            throw new OutOfMemoryError("no memory for " + what + ": " + memory.use(returned));
        }
    }

    static boolean isOne(CLException e) {
        return switch (e.getStatus()) {
            case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES -> true;
            default -> false;
        };
    }
}
