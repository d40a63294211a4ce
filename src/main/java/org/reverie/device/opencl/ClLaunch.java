package org.reverie.device.opencl;

import static org.jocl.CL.*;

import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_kernel;
import org.reverie.device.kernels.Launch;
import org.reverie.tensor.Buffer;

/** A launch on an OpenCL queue. */
final class ClLaunch extends Launch {
    private final ClQueue owner;
    private final cl_command_queue queue;
    private final cl_kernel kernel;
    private int index;

    ClLaunch(ClQueue owner, cl_command_queue queue, cl_kernel kernel, String name) {
        super(name);
        this.owner = owner;
        this.queue = queue;
        this.kernel = kernel;
    }

    @Override
    protected void argument(Buffer buffer) {
        clSetKernelArg(
                kernel, index++, Sizeof.cl_mem, Pointer.to(buffer == null ? owner.nothing() : ClQueue.memory(buffer)));
    }

    @Override
    protected void argument(int... fields) {
        clSetKernelArg(kernel, index++, 4L * fields.length, Pointer.to(fields));
    }

    @Override
    protected void argument(long value) {
        clSetKernelArg(kernel, index++, Sizeof.cl_long, Pointer.to(new long[] {value}));
    }

    @Override
    protected int usualGroup() {
        return owner.device().group();
    }

    @Override
    protected void start(long x, long y, long z, int size) {
        try {
            clEnqueueNDRangeKernel(
                    queue, kernel, 3, null, new long[] {x * size, y, z}, new long[] {size, 1, 1}, 0, null, null);
        } catch (CLException e) {
            throw new IllegalStateException(
                    "the OpenCL kernel " + kernel() + " cannot be started on "
                            + owner.device().name() + ": " + e.getMessage(),
                    e);
        }
    }
}
