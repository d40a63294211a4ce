package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/** The programs of one device, built when a kernel of theirs is first asked for. */
final class Programs implements AutoCloseable {
    /** Nothing that would loosen the arithmetic; division and roots correctly rounded. */
    private static final String OPTIONS = "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt";

    private final ClDevice device;
    private final cl_context context;
    private final ProgramCache cache;
    private final boolean serial;
    private final Map<Entry, cl_program> programs = new HashMap<>();
    private final Map<Entry, cl_kernel> kernels = new HashMap<>();

    /** A program, or a kernel in it. */
    private record Entry(String file, String definitions, String name) {}

    /** @param serial whether one work item has all lanes of a sum */
    Programs(ClDevice device, cl_context context, ProgramCache cache, boolean serial) {
        this.device = device;
        this.context = context;
        this.cache = cache;
        this.serial = serial;
    }

    /**
     * @param file the program's text, for example {@code common/pointwise.h}
     * @param definitions lines that come before it: a program is built for each variant of them
     */
    cl_kernel kernel(String file, String definitions, String name) {
        return kernels.computeIfAbsent(new Entry(file, definitions, name), this::create);
    }

    private cl_kernel create(Entry e) {
        cl_program program =
                programs.computeIfAbsent(new Entry(e.file, e.definitions, null), p -> program(p.file, p.definitions));
        try {
            return clCreateKernel(program, e.name, null);
        } catch (CLException error) {
            throw new IllegalStateException("the OpenCL program " + e.file + " has no kernel " + e.name, error);
        }
    }

    private cl_program program(String file, String definitions) {
        String source = (serial ? "#define SERIAL_LANES\n" : "") + definitions + Sources.of(file);
        String key = ProgramCache.key(source, OPTIONS, device.platform(), device.name(), device.driver());
        byte[] binary = keepsItsOwn() ? null : cache.find(key);
        if (binary != null) {
            cl_program ready = restored(binary);
            if (ready != null) {
                return ready;
            }
            cache.forget(key);
        }
        cl_program built = clCreateProgramWithSource(
                context, 1, new String[] {source}, new long[] {source.getBytes(StandardCharsets.UTF_8).length}, null);
        try {
            clBuildProgram(built, 0, null, OPTIONS, null, null);
        } catch (CLException e) {
            Path log = cache.log(key, e.getMessage() + "\n" + log(built));
            clReleaseProgram(built);
            throw new IllegalStateException("the OpenCL kernels " + file + " do not build on " + device.name() + ", "
                    + (log == null ? "and their log could not be written" : "see " + log));
        }
        if (!keepsItsOwn()) {
            cache.keep(key, binary(built));
        }
        return built;
    }

    /** A program from its binary; null if the driver refuses it. */
    private cl_program restored(byte[] binary) {
        cl_program program = null;
        try {
            program = clCreateProgramWithBinary(
                    context,
                    1,
                    new cl_device_id[] {device.id()},
                    new long[] {binary.length},
                    new byte[][] {binary},
                    null,
                    null);
            clBuildProgram(program, 0, null, OPTIONS, null, null);
            return program;
        } catch (CLException e) {
            if (program != null) {
                clReleaseProgram(program);
            }
            return null;
        }
    }

    /** PoCL keeps each kernel for each size of group by itself; asking it for a binary would compile all of them at once. */
    private boolean keepsItsOwn() {
        return device.platform().startsWith("Portable Computing Language");
    }

    private String log(cl_program program) {
        long[] size = new long[1];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] text = new byte[(int) size[0]];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null);
        return new String(text, StandardCharsets.UTF_8).replace("\0", "");
    }

    private static byte[] binary(cl_program program) {
        long[] size = new long[1];
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
        byte[] binary = new byte[(int) size[0]];
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(binary)), null);
        return binary;
    }

    @Override
    public void close() {
        kernels.values().forEach(k -> clReleaseKernel(k));
        programs.values().forEach(p -> clReleaseProgram(p));
        kernels.clear();
        programs.clear();
    }
}
