/* A driver without a device, for LibCudaTest. It is built from the real cuda.h, so that the compiler holds every function
 * against its declaration. Memory is the host's; of all kernels it knows fill_float alone, and runs that one. */
#include <cuda.h>
#include <stdlib.h>
#include <string.h>

#include "simt/tensor_map.h"

/* Kernels that run on the host, where they are linked in (src/test/native/simt): 1 done, 0 unknown, -1 refused. */
int emulated_launch(const char *kernel, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned shared, void **parameters)
    __attribute__((weak));

#define LARGEST ((size_t)1 << 30)

struct CUctx_st {
    int device;
};
struct CUfunc_st {
    char name[64];
    unsigned shared;
};

static struct CUctx_st context;
static struct CUctx_st *current;

CUresult cuInit(unsigned int flags) {
    return flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDriverGetVersion(int *version) {
    *version = 13000;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
    switch (error) {
    case CUDA_ERROR_OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return CUDA_SUCCESS;
    case CUDA_ERROR_NOT_SUPPORTED: *name = "CUDA_ERROR_NOT_SUPPORTED"; return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
}

CUresult cuDeviceGetCount(int *count) {
    *count = 1;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    *device = 40 + ordinal;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    if (device != 40) return CUDA_ERROR_INVALID_DEVICE;
    strncpy(name, "no card", (size_t)length);
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    if (device != 40) return CUDA_ERROR_INVALID_DEVICE;
    switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 6; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 3; break;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
    *bytes = (size_t)5 << 32;
    return device == 40 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *made, CUdevice device) {
    *made = &context;
    return device == 40 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
    return device == 40 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuCtxSetCurrent(CUcontext c) {
    current = c;
    return CUDA_SUCCESS;
}

static CUresult ready(void) {
    return current == &context ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    *stream = (CUstream)0x51;
    return flags == CU_STREAM_NON_BLOCKING ? ready() : CUDA_ERROR_INVALID_VALUE;
}

static CUresult with(CUstream stream) {
    return stream == (CUstream)0x51 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamDestroy(CUstream stream) {
    return with(stream);
}

CUresult cuStreamSynchronize(CUstream stream) {
    return with(stream);
}

CUresult cuEventCreate(CUevent *event, unsigned int flags) {
    *event = (CUevent)0x52;
    return flags == CU_EVENT_DISABLE_TIMING || flags == CU_EVENT_DEFAULT ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuEventDestroy(CUevent event) {
    return event == (CUevent)0x52 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
    return event == (CUevent)0x52 ? with(stream) : CUDA_ERROR_INVALID_HANDLE;
}

#undef cuEventElapsedTime
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
    *milliseconds = 0.25f;
    return start == (CUevent)0x52 && end == (CUevent)0x52 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) {
    return mode == CU_STREAM_CAPTURE_MODE_RELAXED ? with(stream) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    *graph = (CUgraph)0x54;
    return with(stream);
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *made, CUgraph graph, unsigned long long flags) {
    *made = (CUgraphExec)0x55;
    return graph == (CUgraph)0x54 && flags == 0 ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGraphDestroy(CUgraph graph) {
    return graph == (CUgraph)0x54 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    return graph == (CUgraphExec)0x55 ? with(stream) : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuGraphExecDestroy(CUgraphExec graph) {
    return graph == (CUgraphExec)0x55 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventSynchronize(CUevent event) {
    return event == (CUevent)0x52 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuMemAlloc(CUdeviceptr *memory, size_t bytes) {
    if (bytes > LARGEST) return CUDA_ERROR_OUT_OF_MEMORY;
    *memory = (CUdeviceptr)malloc(bytes);
    return ready();
}

CUresult cuMemFree(CUdeviceptr memory) {
    free((void *)memory);
    return ready();
}

CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned int flags) {
    *memory = malloc(bytes);
    return flags == 0 ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemFreeHost(void *memory) {
    free(memory);
    return ready();
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
    memcpy((void *)to, from, bytes);
    return with(stream);
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    memcpy(to, (const void *)from, bytes);
    return with(stream);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t words, CUstream stream) {
    for (size_t i = 0; i < words; i++) ((unsigned int *)to)[i] = value;
    return with(stream);
}

CUresult cuModuleLoadFatBinary(CUmodule *module, const void *fatbin) {
    *module = (CUmodule)0x53;
    return *(const unsigned int *)fatbin == 0xba55ed50 ? ready() : CUDA_ERROR_INVALID_IMAGE;
}

CUresult cuModuleUnload(CUmodule module) {
    return module == (CUmodule)0x53 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    *function = calloc(1, sizeof(struct CUfunc_st));
    strncpy((*function)->name, name, sizeof((*function)->name) - 1);
    return module == (CUmodule)0x53 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute attribute, int value) {
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value > 232448) return CUDA_ERROR_INVALID_VALUE;
    f->shared = value;
    return ready();
}

CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *address,
                                const cuuint64_t *extents, const cuuint64_t *strides, const cuuint32_t *box,
                                const cuuint32_t *steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
    struct EmulatedMap m = {address, rank, swizzle, {0}, {0}, {0}};
    if ((uintptr_t)map % 64 || (uintptr_t)address % 16 || rank < 3 || rank > 5) return CUDA_ERROR_INVALID_VALUE;
    if (type != CU_TENSOR_MAP_DATA_TYPE_FLOAT16 && type != CU_TENSOR_MAP_DATA_TYPE_BFLOAT16) return CUDA_ERROR_INVALID_VALUE;
    if (swizzle == CU_TENSOR_MAP_SWIZZLE_128B && box[0] * 2 > 128) return CUDA_ERROR_INVALID_VALUE;
    if (interleave != CU_TENSOR_MAP_INTERLEAVE_NONE || promotion > CU_TENSOR_MAP_L2_PROMOTION_L2_256B ||
        fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    for (cuuint32_t a = 0; a < rank; a++) {
        if (extents[a] == 0 || box[a] == 0 || box[a] > 256 || steps[a] != 1) return CUDA_ERROR_INVALID_VALUE;
        if (a > 0 && (strides[a - 1] == 0 || strides[a - 1] % 16)) return CUDA_ERROR_INVALID_VALUE;
        m.extent[a] = extents[a];
        m.box[a] = (uint16_t)box[a];
        if (a > 0) m.stride[a - 1] = strides[a - 1];
    }
    memset(map, 0, sizeof *map);
    memcpy(map, &m, sizeof m);
    return CUDA_SUCCESS;
}

/* fill_float(out, y0, n, value) */
CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
                        unsigned int bz, unsigned int shared, CUstream stream, void **parameters, void **extra) {
    if (emulated_launch && by * bz == 1 && extra == NULL) {
        if (shared > (f->shared ? f->shared : 49152)) return CUDA_ERROR_INVALID_VALUE;
        int done = emulated_launch(f->name, gx, gy, gz, bx, shared, parameters);
        if (done != 0) return done > 0 ? with(stream) : CUDA_ERROR_INVALID_VALUE;
    }
    if (strcmp(f->name, "fill_float") != 0) return CUDA_ERROR_NOT_SUPPORTED;
    float *out = *(float **)parameters[0] + *(int *)parameters[1];
    unsigned int n = *(unsigned int *)parameters[2];
    if (gx * bx < n || gy * gz * by * bz != 1 || shared != 0 || extra != NULL) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned int i = 0; i < n; i++) out[i] = *(float *)parameters[3];
    return with(stream);
}
