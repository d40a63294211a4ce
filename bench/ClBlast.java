package org.reverie.bench;

import static org.jocl.CL.*;

import java.nio.ByteBuffer;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.blast.CLBlast;
import org.jocl.blast.CLBlastLayout;
import org.jocl.blast.CLBlastTranspose;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** CLBlast's product of two matrices, on the first device of the first platform, in a context of its own. */
final class ClBlast implements Rival {
    private final int m;
    private final int n;
    private final int k;
    private final cl_context context;
    private final cl_command_queue queue;
    private final cl_mem a;
    private final cl_mem b;
    private final cl_mem y;

    /** @param threads for a device that is a CPU */
    ClBlast(Tensor left, Tensor right, int threads) {
        m = left.dim(0);
        k = left.dim(1);
        n = right.dim(1);
        Accelerator.limit(threads);
        CL.setExceptionsEnabled(true);
        CLBlast.setExceptionsEnabled(true);
        cl_platform_id[] platforms = new cl_platform_id[1];
        clGetPlatformIDs(1, platforms, null);
        cl_device_id[] devices = new cl_device_id[1];
        clGetDeviceIDs(platforms[0], CL_DEVICE_TYPE_ALL, 1, devices, null);
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, platforms[0]);
        context = clCreateContext(properties, 1, devices, null, null, null);
        queue = clCreateCommandQueue(context, devices[0], 0, null);
        a = copy(left.toHost());
        b = copy(right.toHost());
        y = clCreateBuffer(context, CL_MEM_READ_WRITE, 4L * m * n, null, null);
    }

    private cl_mem copy(HostTensor t) {
        ByteBuffer bytes = t.data().asByteBuffer();
        return clCreateBuffer(
                context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, bytes.remaining(), Pointer.to(bytes), null);
    }

    @Override
    public void run() {
        cl_event event = new cl_event();
        CLBlast.CLBlastSgemm(
                CLBlastLayout.CLBlastLayoutRowMajor,
                CLBlastTranspose.CLBlastTransposeNo,
                CLBlastTranspose.CLBlastTransposeNo,
                m,
                n,
                k,
                1,
                a,
                0,
                k,
                b,
                0,
                n,
                0,
                y,
                0,
                n,
                queue,
                event);
        clWaitForEvents(1, new cl_event[] {event});
        clReleaseEvent(event);
    }

    @Override
    public List<HostTensor> results() {
        run();
        float[] numbers = new float[m * n];
        clEnqueueReadBuffer(queue, y, true, 0, 4L * m * n, Pointer.to(numbers), 0, null, null);
        return List.of(HostTensor.of(Shape.of(m, n), numbers));
    }

    @Override
    public void close() {
        List.of(a, b, y).forEach(CL::clReleaseMemObject);
        clReleaseCommandQueue(queue);
        clReleaseContext(context);
    }
}
