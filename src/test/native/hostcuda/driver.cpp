/* The driver's functions for kernels that were compiled for the host: built from the real cuda.h, so that the compiler holds
 * every function against its declaration. Memory is the host's. Everything is done at once, unless a stream is being captured. */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <cuda.h>
#undef cuEventElapsedTime

#include "kernel.h"
#include "tensor_map.h"

namespace {

constexpr size_t MEMORY = (size_t)5 << 32;
constexpr size_t ROOM = ((size_t)2 << 30) - 1;
constexpr unsigned USUAL_SHARED = 48 << 10;
constexpr int LARGEST_SHARED = 227 << 10;
constexpr int DEVICE = 40;

typedef std::function<CUresult()> Step;

struct Graph {
    std::vector<Step> steps;
};

/* A kernel of the module's PTX; null in place of one that this library was built without. */
struct Function {
    const Kernel *kernel;
    unsigned shared;
};

struct Module {
    std::string text;
    std::map<std::string, Function> functions;
};

std::recursive_mutex lock;
std::map<CUdeviceptr, size_t> blocks;
size_t taken;
Graph *capture;
bool spoilt;

CUstream const STREAM = (CUstream)0x51;
CUcontext const CONTEXT = (CUcontext)0x7;
thread_local CUcontext current_context;

CUresult known(CUdevice device) {
    return device == DEVICE ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult ready() {
    return current_context == CONTEXT ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

CUresult with(CUstream stream) {
    return stream == STREAM ? ready() : CUDA_ERROR_INVALID_HANDLE;
}

/* What may not be done while a stream is captured ends the capture. */
CUresult outside_capture(CUresult otherwise) {
    if (capture) {
        spoilt = true;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return otherwise;
}

CUresult enqueue(CUstream stream, Step step) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    CUresult status = with(stream);
    if (status != CUDA_SUCCESS) return status;
    if (!capture) return step();
    capture->steps.push_back(std::move(step));
    return CUDA_SUCCESS;
}

struct Event {
    std::chrono::steady_clock::time_point at;
};

} // namespace

CUresult cuInit(unsigned int flags) {
    return flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDriverGetVersion(int *version) {
    *version = 13000;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
    switch (error) {
    case CUDA_ERROR_INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; return CUDA_SUCCESS;
    case CUDA_ERROR_OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return CUDA_SUCCESS;
    case CUDA_ERROR_NOT_SUPPORTED: *name = "CUDA_ERROR_NOT_SUPPORTED"; return CUDA_SUCCESS;
    case CUDA_ERROR_NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; return CUDA_SUCCESS;
    case CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED:
        *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
        return CUDA_SUCCESS;
    case CUDA_ERROR_STREAM_CAPTURE_INVALIDATED:
        *name = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED";
        return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
}

CUresult cuDeviceGetCount(int *count) {
    *count = 1;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    *device = DEVICE + ordinal;
    return ordinal == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    snprintf(name, (size_t)length, "the host in place of a GPU");
    return known(device);
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 6; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 3; break;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
    return known(device);
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
    *bytes = MEMORY;
    return known(device);
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *made, CUdevice device) {
    *made = CONTEXT;
    return known(device);
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
    return known(device);
}

CUresult cuCtxSetCurrent(CUcontext c) {
    current_context = c;
    return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    *stream = STREAM;
    return flags == CU_STREAM_NON_BLOCKING ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamDestroy(CUstream stream) {
    return with(stream);
}

CUresult cuStreamSynchronize(CUstream stream) {
    return outside_capture(with(stream));
}

CUresult cuEventCreate(CUevent *event, unsigned int flags) {
    *event = (CUevent) new Event{};
    return flags == CU_EVENT_DISABLE_TIMING || flags == CU_EVENT_DEFAULT ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuEventDestroy(CUevent event) {
    delete (Event *)event;
    return ready();
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
    return enqueue(stream, [event] {
        ((Event *)event)->at = std::chrono::steady_clock::now();
        return CUDA_SUCCESS;
    });
}

CUresult cuEventSynchronize(CUevent) {
    return outside_capture(ready());
}

extern "C" CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
    std::chrono::duration<float, std::milli> d = ((Event *)end)->at - ((Event *)start)->at;
    *milliseconds = d.count();
    return ready();
}

CUresult cuMemAlloc(CUdeviceptr *memory, size_t bytes) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    if (bytes > ROOM - taken) return CUDA_ERROR_OUT_OF_MEMORY;
    void *m = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(m, 0xff, bytes);
    *memory = (CUdeviceptr)m;
    blocks[*memory] = bytes;
    taken += bytes;
    return ready();
}

CUresult cuMemFree(CUdeviceptr memory) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    auto found = blocks.find(memory);
    if (found == blocks.end()) return CUDA_ERROR_INVALID_VALUE;
    taken -= found->second;
    free((void *)memory);
    blocks.erase(found);
    return outside_capture(ready());
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
    return enqueue(stream, [=] {
        memcpy((void *)to, from, bytes);
        return CUDA_SUCCESS;
    });
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return enqueue(stream, [=] {
        memcpy(to, (const void *)from, bytes);
        return CUDA_SUCCESS;
    });
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t words, CUstream stream) {
    return enqueue(stream, [=] {
        for (size_t i = 0; i < words; i++) ((unsigned int *)to)[i] = value;
        return CUDA_SUCCESS;
    });
}

CUresult cuModuleLoadFatBinary(CUmodule *module, const void *fatbin) {
    const unsigned short *header = (const unsigned short *)fatbin;
    if (*(const unsigned *)fatbin != 0xba55ed50) return CUDA_ERROR_INVALID_IMAGE;
    size_t bytes = header[3] + *(const size_t *)(header + 4);
    *module = (CUmodule) new Module{std::string((const char *)fatbin, bytes), {}};
    return ready();
}

CUresult cuModuleUnload(CUmodule module) {
    delete (Module *)module;
    return ready();
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    Module *m = (Module *)module;
    if (m->text.find(".entry " + std::string(name) + "(") == std::string::npos) return CUDA_ERROR_NOT_FOUND;
    const Kernel *kernel = Kernel::first;
    while (kernel && strcmp(kernel->name, name) != 0) kernel = kernel->next;
    *function = (CUfunction)&m->functions.try_emplace(name, Function{kernel, 0}).first->second;
    return ready();
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute attribute, int value) {
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value > LARGEST_SHARED) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    ((Function *)f)->shared = (unsigned)value;
    return ready();
}

CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *address,
                                const cuuint64_t *extents, const cuuint64_t *strides, const cuuint32_t *box,
                                const cuuint32_t *steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
    EmulatedMap m = {(char *)address, rank, (uint32_t)swizzle, {}, {}, {}};
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

CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
                        unsigned int bz, unsigned int shared, CUstream stream, void **parameters, void **extra) {
    const Function *function = (const Function *)f;
    const Kernel *k = function->kernel;
    if (!k) return CUDA_ERROR_NOT_SUPPORTED;
    unsigned room = function->shared ? function->shared : USUAL_SHARED;
    if (gx == 0 || gy == 0 || gz == 0 || bx == 0 || by * bz != 1 || shared > room || extra) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    std::vector<std::vector<char>> values;
    for (unsigned i = 0; i < k->count; i++) {
        const char *v = (const char *)parameters[i];
        values.emplace_back(v, v + k->sizes[i]);
    }
    return enqueue(stream, [=] {
        std::vector<void *> addresses;
        for (const auto &v : values) addresses.push_back((void *)v.data());
        return run_grid(*k, {gx, gy, gz}, bx, shared, addresses.data()) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    if (mode != CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
    if (capture) return CUDA_ERROR_ILLEGAL_STATE;
    capture = new Graph;
    spoilt = false;
    return with(stream);
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    if (!capture) return CUDA_ERROR_ILLEGAL_STATE;
    *graph = (CUgraph)capture;
    capture = nullptr;
    return spoilt ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : with(stream);
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *made, CUgraph graph, unsigned long long flags) {
    *made = (CUgraphExec) new Graph(*(Graph *)graph);
    return flags == 0 ? ready() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    return enqueue(stream, [=] {
        for (const auto &step : ((Graph *)graph)->steps) {
            CUresult status = step();
            if (status != CUDA_SUCCESS) return status;
        }
        return CUDA_SUCCESS;
    });
}

CUresult cuGraphExecDestroy(CUgraphExec graph) {
    delete (Graph *)graph;
    return ready();
}

CUresult cuGraphDestroy(CUgraph graph) {
    delete (Graph *)graph;
    return ready();
}
