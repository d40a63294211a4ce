package org.reverie.device.opencl;

import static org.jocl.CL.*;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * An OpenCL device and what its driver says of it.
 *
 * @param platform the name of its platform, which tells the drivers apart
 * @param driver the driver's version
 * @param memory bytes in all
 * @param largest bytes that one buffer may have
 * @param vector floats in a vector of a CPU: 4, 8 or 16
 * @param exact whether binary32 has all that the contract asks for: subnormals, and divisions and roots that are correctly
 *     rounded
 * @param binary64 whether the device computes in it (only conversions need it)
 * @param localMemory bytes that a group shares
 * @param largestGroup work items in a group at most
 */
record ClDevice(
        cl_platform_id platformId,
        cl_device_id id,
        String platform,
        String name,
        String driver,
        boolean cpu,
        int units,
        long memory,
        long largest,
        int vector,
        boolean exact,
        boolean binary64,
        long localMemory,
        int largestGroup) {

    private static final String CHECKER = "Oclgrind";

    /** All devices of all platforms, in the order of the installed drivers. */
    static List<ClDevice> all() throws OpenClMissingException {
        if (!LoaderLibrary.isThere()) {
            throw new OpenClMissingException("no libOpenCL on this machine (for example ocl-icd-libopencl1)");
        }
        try {
            CL.setExceptionsEnabled(true);
            List<ClDevice> found = new ArrayList<>();
            for (cl_platform_id platform : platforms()) {
                for (cl_device_id id : devices(platform)) {
                    found.add(of(platform, id));
                }
            }
            if (found.isEmpty()) {
                throw new OpenClMissingException("OpenCL and a driver are installed, but there is no device");
            }
            return found;
        } catch (CLException e) {
            throw new OpenClMissingException(
                    e.getStatus() == -1001
                            ? "OpenCL's loader is installed, but no driver (no ICD, for example pocl-opencl-icd)"
                            : "OpenCL's drivers cannot be asked for their devices: " + e.getMessage());
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | UnsupportedOperationException e) {
            throw new OpenClMissingException("JOCL cannot load OpenCL here: " + e.getMessage());
        }
    }

    private static cl_platform_id[] platforms() {
        int[] count = new int[1];
        clGetPlatformIDs(0, null, count);
        cl_platform_id[] ids = new cl_platform_id[count[0]];
        clGetPlatformIDs(ids.length, ids, null);
        return ids;
    }

    /** None is an error to OpenCL, but not here: another driver may have some. */
    private static cl_device_id[] devices(cl_platform_id platform) {
        int[] count = new int[1];
        try {
            clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == CL_DEVICE_NOT_FOUND) {
                return new cl_device_id[0]; // what JOCL leaves in the count is anything
            }
            throw e;
        }
        cl_device_id[] ids = new cl_device_id[count[0]];
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, ids.length, ids, null);
        return ids;
    }

    private static ClDevice of(cl_platform_id platform, cl_device_id id) {
        long single = number(id, CL_DEVICE_SINGLE_FP_CONFIG);
        // CL_FP_FMA only says that fma is fast; it is exact everywhere.
        long needed = CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST | CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
        // Oclgrind claims less than it does: it computes with the host's own division and root.
        boolean exact = (single & needed) == needed || text(platform).startsWith(CHECKER);
        return new ClDevice(
                platform,
                id,
                text(platform),
                text(id, CL_DEVICE_NAME),
                text(id, CL_DRIVER_VERSION),
                (number(id, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0,
                (int) number(id, CL_DEVICE_MAX_COMPUTE_UNITS),
                number(id, CL_DEVICE_GLOBAL_MEM_SIZE),
                number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE),
                Math.clamp(number(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT), 4, 16),
                exact,
                text(id, CL_DEVICE_EXTENSIONS).contains("cl_khr_fp64"),
                number(id, CL_DEVICE_LOCAL_MEM_SIZE),
                Math.clamp(number(id, CL_DEVICE_MAX_WORK_GROUP_SIZE), 1, Integer.MAX_VALUE));
    }

    /** For example {@code pthread-AMD EPYC, Portable Computing Language 3.1, 2 units, 23,000 MiB}. */
    String description() {
        return name + ", " + platform + " " + driver + ", " + units + (units == 1 ? " unit" : " units") + ", "
                + String.format(Locale.ROOT, "%,d MiB", memory >> 20)
                + (exact ? "" : ", without IEEE binary32: not for the exact mode");
    }

    /** Whether this is Oclgrind, which looks for wrong accesses. */
    boolean checked() {
        return platform.startsWith(CHECKER);
    }

    private static long number(cl_device_id id, int what) {
        long[] size = new long[1];
        clGetDeviceInfo(id, what, 0, null, size);
        long[] value = new long[1];
        clGetDeviceInfo(id, what, Math.min(size[0], Sizeof.cl_long), Pointer.to(value), null);
        return value[0];
    }

    private static String text(cl_device_id id, int what) {
        long[] size = new long[1];
        clGetDeviceInfo(id, what, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        clGetDeviceInfo(id, what, bytes.length, Pointer.to(bytes), null);
        return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private static String text(cl_platform_id id) {
        long[] size = new long[1];
        clGetPlatformInfo(id, CL_PLATFORM_NAME, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        clGetPlatformInfo(id, CL_PLATFORM_NAME, bytes.length, Pointer.to(bytes), null);
        return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
}
