/* A driver without a device, for LibCudaTest. It is built from the real cuda.h, so that the compiler holds every function
 * against its declaration. Memory is the host's; of all kernels it knows fill_float alone, and runs that one. */
#include <cuda.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST ((size_t)1 << 30)

struct CUctx_st {
    int device;
};
struct CUfunc_st {
    char name[64];
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
    return flags == CU_EVENT_DISABLE_TIMING ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuEventDestroy(CUevent event) {
    return event == (CUevent)0x52 ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
    return event == (CUevent)0x52 ? with(stream) : CUDA_ERROR_INVALID_HANDLE;
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

/* fill_float(out, y0, n, value) */
CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
                        unsigned int bz, unsigned int shared, CUstream stream, void **parameters, void **extra) {
    if (strcmp(f->name, "fill_float") != 0) return CUDA_ERROR_NOT_SUPPORTED;
    float *out = *(float **)parameters[0] + *(int *)parameters[1];
    unsigned int n = *(unsigned int *)parameters[2];
    if (gx * bx < n || gy * gz * by * bz != 1 || shared != 0 || extra != NULL) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned int i = 0; i < n; i++) out[i] = *(float *)parameters[3];
    return with(stream);
}
