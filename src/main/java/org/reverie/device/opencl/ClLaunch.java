package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.reverie.device.kernels.Launch;
import org.reverie.tensor.Buffer;

/** A launch on an OpenCL queue. */
final class ClLaunch extends Launch {
    private final ClQueue owner;
    private final cl_command_queue queue;
    private final Programs programs;
    private final String file;
    private final String definitions;
    private final List<Argument> arguments = new ArrayList<>();

    private record Argument(long bytes, Pointer value) {}

    /**
     * @param file the program's text
     * @param definitions lines that come before it
     */
    ClLaunch(ClQueue owner, cl_command_queue queue, Programs programs, String file, String definitions, String name) {
        super(name);
        this.owner = owner;
        this.queue = queue;
        this.programs = programs;
        this.file = file;
        this.definitions = definitions;
    }

    @Override
    protected void argument(Buffer buffer) {
        cl_mem memory = buffer == null ? owner.nothing() : ClQueue.memory(buffer);
        arguments.add(new Argument(Sizeof.cl_mem, Pointer.to(memory)));
    }

    @Override
    protected void argument(int... fields) {
        arguments.add(new Argument(4L * fields.length, Pointer.to(fields)));
    }

    @Override
    protected void argument(long value) {
        arguments.add(new Argument(Sizeof.cl_long, Pointer.to(new long[] {value})));
    }

    @Override
    protected int usualGroup() {
        return owner.usualGroup();
    }

    @Override
    protected void start(long x, long y, long z, int size) {
        // A program is built for contiguous views alone too.
        cl_kernel kernel = programs.kernel(file, definitions + (isContiguous() ? "#define DENSE\n" : ""), kernel());
        for (int i = 0; i < arguments.size(); i++) {
            clSetKernelArg(kernel, i, arguments.get(i).bytes(), arguments.get(i).value());
        }
        Consumer<cl_event> command =
                event -> owner.shortage().enqueue(kernel(), () -> enqueue(kernel, x, y, z, size, event));
        try {
            if (owner.timeline() == null) {
                command.accept(null);
            } else {
                owner.timeline().enqueue(kernel(), command);
            }
        } catch (CLException e) {
            throw new IllegalStateException(
                    "the OpenCL kernel " + kernel() + " cannot be started on "
                            + owner.device().name() + ": " + e.getMessage(),
                    e);
        }
    }

    private void enqueue(cl_kernel kernel, long x, long y, long z, int size, cl_event event) {
        clEnqueueNDRangeKernel(
                queue, kernel, 3, null, new long[] {x * size, y, z}, new long[] {size, 1, 1}, 0, null, event);
    }
}
