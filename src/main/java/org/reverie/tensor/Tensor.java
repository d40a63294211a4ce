package org.reverie.tensor;

import java.util.Arrays;

/**
 * A shape over a buffer on a device: dtype, extents, strides and an offset. Images are NHWC. A tensor does not change
 * its shape; views share the buffer. Computing on tensors is the business of the ops (package {@code op}), which also
 * offer the views that gradients flow through.
 */
public final class Tensor {
    private final Buffer buffer;
    private final DType dtype;
    private final Shape shape;
    private final long[] strides;
    private final long offset;
    private final boolean contiguous;

    private Tensor(Buffer buffer, DType dtype, Shape shape, long[] strides, long offset) {
        this.buffer = buffer;
        this.dtype = dtype;
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
        this.contiguous = rowMajor(shape, strides);
    }

    /** A tensor with undefined contents in the current {@link Scope}. */
    public static Tensor empty(Device device, DType dtype, Shape shape) {
        Scope scope = Scope.current();
        Buffer b = device.allocate(new TensorSpec(dtype, shape).bytes());
        scope.add(b);
        return new Tensor(b, dtype, shape, shape.strides(), 0);
    }

    /** A copy on a device of numbers at rest, in the current {@link Scope}. The dtype stays as it is. */
    public static Tensor from(Device device, HostTensor host) {
        Tensor t = empty(device, host.dtype(), host.shape());
        device.upload(host.data(), t.buffer, 0);
        return t;
    }

    /** An F32 tensor (F64 on a device that computes in it) with the given elements in row-major order. */
    public static Tensor of(Device device, Shape shape, float... values) {
        HostTensor host = HostTensor.of(shape, values);
        if (device.computeType() == DType.F64) {
            HostTensor wide = HostTensor.allocate(DType.F64, shape);
            for (int i = 0; i < values.length; i++) {
                wide.data().set(HostTensor.DOUBLE, i * 8L, values[i]);
            }
            host = wide;
        }
        return from(device, host);
    }

    /** The same numbers in a new contiguous tensor on another device (or this one). */
    public Tensor to(Device target) {
        return from(target, toHost());
    }

    /**
     * A view: other extents, strides (in elements) and offset (in elements, from the buffer's start) over the same
     * buffer. Low level: nothing is recorded for gradients; programs use the ops of {@code op.Views}.
     */
    public Tensor view(Shape newShape, long[] newStrides, long newOffset) {
        if (newShape.elements() > 0) {
            long first = newOffset;
            long last = newOffset;
            for (int i = 0; i < newStrides.length; i++) {
                long reach = newStrides[i] * (newShape.dim(i) - 1);
                first += Math.min(0, reach);
                last += Math.max(0, reach);
            }
            if (first < 0 || (last + 1) * dtype.bytes() > buffer.bytes()) {
                throw new IllegalArgumentException("view " + newShape + " with strides " + Arrays.toString(newStrides)
                        + " at " + newOffset + " leaves its buffer of " + buffer.bytes() + " bytes");
            }
        }
        return new Tensor(buffer, dtype, newShape, newStrides.clone(), newOffset);
    }

    public Buffer buffer() {
        return buffer;
    }

    public Device device() {
        return buffer.device();
    }

    public DType dtype() {
        return dtype;
    }

    public Shape shape() {
        return shape;
    }

    public TensorSpec spec() {
        return new TensorSpec(dtype, shape);
    }

    /** Extent of an axis; negative axes count from the end. */
    public int dim(int axis) {
        return shape.dim(axis);
    }

    public int rank() {
        return shape.rank();
    }

    public long elements() {
        return shape.elements();
    }

    /** Stride of an axis in elements; 0 where the axis is broadcast. */
    public long stride(int axis) {
        return strides[shape.axis(axis)];
    }

    public long[] strides() {
        return strides.clone();
    }

    /** Where the first element lies, in elements from the buffer's start. */
    public long offset() {
        return offset;
    }

    /** Whether the elements lie one after the other in row-major order. */
    public boolean isContiguous() {
        return contiguous;
    }

    public boolean isLive() {
        return buffer.isLive();
    }

    /** A row-major copy in host memory. */
    public HostTensor toHost() {
        if (!isLive()) {
            throw new IllegalStateException("tensor " + spec() + " was used after its scope closed");
        }
        HostTensor host = HostTensor.allocate(dtype, shape);
        if (shape.elements() == 0) {
            return host;
        }
        if (contiguous) {
            device().download(buffer, offset * dtype.bytes(), host.data());
            return host;
        }
        HostTensor whole = HostTensor.allocate(DType.U8, Shape.of(Math.toIntExact(buffer.bytes())));
        device().download(buffer, 0, whole.data());
        int size = dtype.bytes();
        int[] index = new int[shape.rank()];
        long at = offset;
        for (long i = 0; i < shape.elements(); i++) {
            java.lang.foreign.MemorySegment.copy(whole.data(), at * size, host.data(), i * size, size);
            for (int a = index.length - 1; a >= 0; a--) {
                at += strides[a];
                if (++index[a] < shape.dim(a)) {
                    break;
                }
                at -= strides[a] * shape.dim(a);
                index[a] = 0;
            }
        }
        return host;
    }

    /** All elements as floats in row-major order. */
    public float[] toFloats() {
        return toHost().toFloats();
    }

    /** The only element, as a double. */
    public double item() {
        if (shape.elements() != 1) {
            throw new IllegalStateException("item() needs one element, but the shape is " + shape);
        }
        return toHost().get(0);
    }

    /** For example {@code f32[2, 3] on cpu}. */
    @Override
    public String toString() {
        return spec() + " on " + device().name() + (isLive() ? "" : " (freed)");
    }

    private static boolean rowMajor(Shape shape, long[] strides) {
        long step = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            if (shape.dim(i) != 1 && strides[i] != step) {
                return shape.elements() == 0;
            }
            step *= shape.dim(i);
        }
        return true;
    }
}
