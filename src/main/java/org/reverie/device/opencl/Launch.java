package org.reverie.device.opencl;

import static org.jocl.CL.*;

import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** One launch of a kernel: its arguments in their order, then how many work items. */
final class Launch {
    private final ClQueue owner;
    private final cl_command_queue queue;
    private final cl_kernel kernel;
    private final String name;
    private int index;

    Launch(ClQueue owner, cl_command_queue queue, cl_kernel kernel, String name) {
        this.owner = owner;
        this.queue = queue;
        this.kernel = kernel;
        this.name = name;
    }

    private Launch argument(long bytes, Pointer value) {
        clSetKernelArg(kernel, index++, bytes, value);
        return this;
    }

    Launch memory(cl_mem m) {
        return argument(Sizeof.cl_mem, Pointer.to(m));
    }

    /** A tensor's memory alone; where its elements lie is told otherwise. */
    Launch memory(Tensor t) {
        return memory(t == null ? owner.nothing() : ClBuffer.of(t).memory());
    }

    /** A strided tensor: its memory and its view. */
    Launch view(Tensor t) {
        return t == null
                ? memory(owner.nothing()).view(View.of(Shape.SCALAR, new long[0], 0))
                : memory(t).view(View.of(t));
    }

    /** A tensor repeated to a larger shape. */
    Launch view(Tensor t, Shape to) {
        return memory(t).view(View.broadcast(t, to));
    }

    Launch view(View v) {
        return words(v.words());
    }

    /** A struct of 32-bit fields. */
    Launch words(int[] fields) {
        return argument(4L * fields.length, Pointer.to(fields));
    }

    /** A contiguous tensor: its memory and where it begins; a tensor that is absent has neither. */
    Launch dense(Tensor t) {
        if (t == null) {
            return memory(owner.nothing()).i(0);
        }
        if (!t.isContiguous()) {
            throw new IllegalArgumentException(name + " takes a contiguous tensor");
        }
        return memory(t).i(Math.toIntExact(t.offset()));
    }

    Launch i(long value) {
        return argument(Sizeof.cl_int, Pointer.to(new int[] {Math.toIntExact(value)}));
    }

    Launch flag(boolean value) {
        return i(value ? 1 : 0);
    }

    Launch l(long value) {
        return argument(Sizeof.cl_long, Pointer.to(new long[] {value}));
    }

    Launch f(double value) {
        return argument(Sizeof.cl_float, Pointer.to(new float[] {(float) value}));
    }

    /** At least this many work items, in groups of the device's usual size; the kernel passes over those beyond its end. */
    void items(long count) {
        int group = owner.device().group();
        groups(Math.ceilDiv(count, group), group);
    }

    /** So many groups of so many work items. */
    void groups(long count, int size) {
        groups(count, 1, 1, size);
    }

    void groups(long x, long y, long z, int size) {
        if (x * y * z > 0) {
            try {
                clEnqueueNDRangeKernel(
                        queue, kernel, 3, null, new long[] {x * size, y, z}, new long[] {size, 1, 1}, 0, null, null);
            } catch (CLException e) {
                throw new IllegalStateException(
                        "the OpenCL kernel " + name + " cannot be started on "
                                + owner.device().name() + ": " + e.getMessage(),
                        e);
            }
        }
    }
}
