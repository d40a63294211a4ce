/* The driver's functions for kernels that were compiled for the host: built from the real cuda.h, so that the compiler holds
 * every function against its declaration. Everything is done at once, unless a stream is being captured. */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#define dim3 unused_dim3
#include <cuda.h>
#undef dim3
#undef cuEventElapsedTime
#include "threads.h"

namespace {

constexpr size_t MEMORY = ((size_t)2 << 30) - 1;
constexpr int DEVICE = 40;

struct Graph {
    std::vector<std::function<void()>> steps;
};

struct Module {
    std::string text;
};

std::recursive_mutex lock;
std::map<CUdeviceptr, size_t> blocks;
size_t taken;
Graph *capture;
bool spoilt;

CUstream const STREAM = (CUstream)0x51;
CUcontext const CONTEXT = (CUcontext)0x7;
thread_local CUcontext current_context;

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

CUresult enqueue(CUstream stream, std::function<void()> step) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    CUresult status = with(stream);
    if (status != CUDA_SUCCESS) return status;
    if (capture) {
        capture->steps.push_back(std::move(step));
    } else {
        step();
    }
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

CUresult cuDeviceGetName(char *name, int length, CUdevice) {
    snprintf(name, (size_t)length, "the host in place of a GPU");
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice) {
    switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 0; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 2; break;
    default: *value = 0; break;
    }
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice) {
    *bytes = MEMORY;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *made, CUdevice) {
    *made = CONTEXT;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice) {
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext c) {
    current_context = c;
    return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int) {
    *stream = STREAM;
    return ready();
}

CUresult cuStreamDestroy(CUstream stream) {
    return with(stream);
}

CUresult cuStreamSynchronize(CUstream stream) {
    return outside_capture(with(stream));
}

CUresult cuEventCreate(CUevent *event, unsigned int) {
    *event = (CUevent) new Event{};
    return ready();
}

CUresult cuEventDestroy(CUevent event) {
    delete (Event *)event;
    return ready();
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
    return enqueue(stream, [event] { ((Event *)event)->at = std::chrono::steady_clock::now(); });
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
    if (bytes > MEMORY - taken) return CUDA_ERROR_OUT_OF_MEMORY;
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

CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned int) {
    *memory = malloc(bytes);
    return ready();
}

CUresult cuMemFreeHost(void *memory) {
    free(memory);
    return ready();
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
    return enqueue(stream, [=] { memcpy((void *)to, from, bytes); });
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return enqueue(stream, [=] { memcpy(to, (const void *)from, bytes); });
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t words, CUstream stream) {
    return enqueue(stream, [=] {
        for (size_t i = 0; i < words; i++) ((unsigned int *)to)[i] = value;
    });
}

CUresult cuModuleLoadFatBinary(CUmodule *module, const void *fatbin) {
    const unsigned short *header = (const unsigned short *)fatbin;
    if (*(const unsigned *)fatbin != 0xba55ed50) return CUDA_ERROR_INVALID_IMAGE;
    size_t bytes = header[3] + *(const size_t *)(header + 4);
    *module = (CUmodule) new Module{std::string((const char *)fatbin, bytes)};
    return ready();
}

CUresult cuModuleUnload(CUmodule module) {
    delete (Module *)module;
    return ready();
}

/* A kernel of the module's PTX, as it was compiled for the host. */
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    if (((Module *)module)->text.find(".entry " + std::string(name) + "(") == std::string::npos) {
        return CUDA_ERROR_NOT_FOUND;
    }
    for (Kernel *k = Kernel::first; k; k = k->next) {
        if (strcmp(k->name, name) == 0) {
            *function = (CUfunction)k;
            return ready();
        }
    }
    fprintf(stderr, "the kernel %s was not compiled for the host\n", name);
    return CUDA_ERROR_NOT_FOUND;
}

CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int) {
    return ready();
}

CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
                        unsigned int bz, unsigned int shared, CUstream stream, void **parameters, void **extra) {
    const Kernel *k = (const Kernel *)f;
    if (gx == 0 || gy == 0 || gz == 0 || bx == 0 || bx > 1024 || by * bz != 1 || shared != 0 || extra) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    std::vector<std::vector<uint64_t>> values;
    for (unsigned i = 0; i < k->count; i++) {
        std::vector<uint64_t> v((k->sizes[i] + 7) / 8);
        memcpy(v.data(), parameters[i], k->sizes[i]);
        values.push_back(std::move(v));
    }
    return enqueue(stream, [=] {
        std::vector<void *> addresses;
        for (const auto &v : values) addresses.push_back((void *)v.data());
        run_grid(k, {gx, gy, gz}, bx, addresses.data());
    });
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode) {
    std::lock_guard<std::recursive_mutex> guard(lock);
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

CUresult cuGraphInstantiateWithFlags(CUgraphExec *made, CUgraph graph, unsigned long long) {
    *made = (CUgraphExec) new Graph(*(Graph *)graph);
    return ready();
}

CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    return enqueue(stream, [=] {
        for (const auto &step : ((Graph *)graph)->steps) step();
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
