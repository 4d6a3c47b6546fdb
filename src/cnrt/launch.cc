// Kernels: parameter buffers, cnrtInvokeKernel. The work is done by src/devices/mlu/bang/engine.h.
#include "cnrt/launch.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "cnrt/handles.h"
#include "cnrt/memory.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

constexpr unsigned int kMaxParams = 128;
constexpr size_t kSlot = 8;  // bytes a parameter, as the card reads them

// The struct of the header is what clients see; the rest is ours.
struct ParamsBuffer : cnrtKernelParamsBuffer {
  ParamsBuffer() : cnrtKernelParamsBuffer{} {
    host_ptr = slots;
    max_param = kMaxParams;
    input_index = inputs;
    output_index = outputs;
    static_index = statics;
  }
  unsigned char slots[kMaxParams * kSlot] = {};
  size_t sizes[kMaxParams] = {};  // 0: only marked
  int inputs[kMaxParams] = {}, outputs[kMaxParams] = {}, statics[kMaxParams] = {};
};

// The live buffers, by the address that clients have.
struct Buffers {
  std::mutex mutex;
  std::map<cnrtKernelParamsBuffer_t, std::unique_ptr<ParamsBuffer>> live;
};
Buffers& TheBuffers() {
  static Buffers* buffers = new Buffers;  // never destroyed: see TheProcess of device.cc
  return *buffers;
}

// Calls body(ParamsBuffer&) under the lock; INVALID when it is no live buffer.
template <typename Body>
cnrtRet_t WithBuffer(cnrtKernelParamsBuffer_t handle, Body&& body) {
  const std::lock_guard lock(TheBuffers().mutex);
  const auto found = TheBuffers().live.find(handle);
  return found == TheBuffers().live.end() ? CNRT_RET_ERR_INVALID : body(*found->second);
}

cnrtRet_t MarkPlace(cnrtKernelParamsBuffer_t handle, int* (*list)(ParamsBuffer&),
                    int* (*count)(ParamsBuffer&)) {
  return WithBuffer(handle, [&](ParamsBuffer& buffer) {
    if (buffer.cur_param == kMaxParams) return CNRT_RET_ERR_INVALID;
    list(buffer)[(*count(buffer))++] = static_cast<int>(buffer.cur_param++);
    return CNRT_RET_SUCCESS;
  });
}

struct KernelInit {
  std::mutex mutex;
  const void* function = nullptr;
};
using KernelInits = HandleTable<cnrtKernelInitParam, KernelInit, HandleKind::kKernelInit>;
KernelInits& TheInits() {
  static KernelInits* inits = new KernelInits;
  return *inits;
}

bool Contains(const int* list, int count, int value) {
  for (int i = 0; i < count; ++i)
    if (list[i] == value) return true;
  return false;
}

// The reasons of refused launches have nowhere else to go: the interface has codes only.
void Say(const Status& status) { std::fprintf(stderr, "cnrt: %s\n", status.message().c_str()); }

cnrtRet_t Put(const std::shared_ptr<Queue>& queue,
              Result<std::shared_ptr<const bang::Launch>> launch) {
  if (!launch.ok()) {
    Say(launch.status());
    return CodeOf(launch.status());
  }
  return queue->Put([launch = *launch] {
    const Status status = launch->Run();
    if (!status.ok()) Say(status);
    return CodeOf(status);
  });
}

}  // namespace

bool ReadParams(cnrtKernelParamsBuffer_t params, const std::vector<const void*>& marked,
                std::vector<bang::Argument>* arguments) {
  arguments->clear();
  return CNRT_RET_SUCCESS == WithBuffer(params, [&](const ParamsBuffer& buffer) {
           size_t used = 0;
           for (unsigned int i = 0; i < buffer.cur_param; ++i) {
             bang::Argument argument;
             if (buffer.sizes[i] != 0) {
               std::memcpy(argument.bytes.data(), buffer.slots + i * kSlot, kSlot);
               argument.size = buffer.sizes[i];
             } else {
               if (used == marked.size()) return CNRT_RET_ERR_INVALID;
               std::memcpy(argument.bytes.data(), &marked[used++], sizeof(void*));
               argument.size = sizeof(void*);
             }
             arguments->push_back(argument);
           }
           return used == marked.size() ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID;
         });
}

bool ReadMarks(cnrtKernelParamsBuffer_t params, std::vector<Mark>* marks) {
  marks->clear();
  return CNRT_RET_SUCCESS == WithBuffer(params, [&](const ParamsBuffer& buffer) {
           for (int i = 0; i < static_cast<int>(buffer.cur_param); ++i) {
             if (Contains(buffer.inputs, buffer.num_input, i)) marks->push_back(Mark::kInput);
             if (Contains(buffer.outputs, buffer.num_output, i)) marks->push_back(Mark::kOutput);
             if (Contains(buffer.statics, buffer.num_static, i)) marks->push_back(Mark::kStatic);
           }
           return CNRT_RET_SUCCESS;
         });
}

cnrtRet_t CodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return CNRT_RET_SUCCESS;
    case StatusCode::kInvalidArgument:
      return CNRT_RET_ERR_INVALID;
    case StatusCode::kUnsupported:
      return CNRT_RET_ERR_KERNEL_VERSION_TOO_HIGH;
    case StatusCode::kNotFound:
      return CNRT_RET_ERR_INVALID;
    case StatusCode::kResource:
      return CNRT_RET_ERR_TIMEOUT;
    default:
      return CNRT_RET_ERR_ONCHIP_CORE;
  }
}

cnrtRet_t Launch(const void* function, cnrtDim3_t dim, std::vector<bang::Argument> arguments,
                 cnrtFunctionType_t type, cnrtQueue_t queue) {
  const std::shared_ptr<Queue> where = FindQueue(queue);
  if (!where) return CNRT_RET_ERR_QUEUE;
  const auto use = UseMemory();
  return Put(where, bang::PrepareLaunch(function, {dim.x, dim.y, dim.z}, type, arguments));
}

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtGetKernelParamsBuffer(cnrtKernelParamsBuffer_t* params) {
  Clear(params);
  return Anytime([&] {
    if (params == nullptr) return CNRT_RET_ERR_INVALID;
    auto buffer = std::make_unique<ParamsBuffer>();
    const cnrtKernelParamsBuffer_t handle = buffer.get();
    const std::lock_guard lock(TheBuffers().mutex);
    TheBuffers().live[handle] = std::move(buffer);
    *params = handle;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyKernelParamsBuffer(cnrtKernelParamsBuffer_t params) {
  return Anytime([&] {
    const std::lock_guard lock(TheBuffers().mutex);
    return TheBuffers().live.erase(params) == 1 ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID;
  });
}

cnrtRet_t cnrtKernelParamsBufferAddParam(cnrtKernelParamsBuffer_t params, void* data,
                                         size_t bytes) {
  return Anytime([&] {
    if (data == nullptr || bytes == 0 || bytes > kSlot) return CNRT_RET_ERR_INVALID;
    return WithBuffer(params, [&](ParamsBuffer& buffer) {
      if (buffer.cur_param == kMaxParams) return CNRT_RET_ERR_INVALID;
      std::memcpy(buffer.slots + buffer.cur_param * kSlot, data, bytes);
      buffer.sizes[buffer.cur_param++] = bytes;
      return CNRT_RET_SUCCESS;
    });
  });
}

cnrtRet_t cnrtKernelParamsBufferMarkInput(cnrtKernelParamsBuffer_t params) {
  return Anytime([&] {
    return MarkPlace(
        params, [](ParamsBuffer& b) { return b.input_index; },
        [](ParamsBuffer& b) { return &b.num_input; });
  });
}

cnrtRet_t cnrtKernelParamsBufferMarkOutput(cnrtKernelParamsBuffer_t params) {
  return Anytime([&] {
    return MarkPlace(
        params, [](ParamsBuffer& b) { return b.output_index; },
        [](ParamsBuffer& b) { return &b.num_output; });
  });
}

cnrtRet_t cnrtKernelParamsBufferMarkStatic(cnrtKernelParamsBuffer_t params) {
  return Anytime([&] {
    return MarkPlace(
        params, [](ParamsBuffer& b) { return b.static_index; },
        [](ParamsBuffer& b) { return &b.num_static; });
  });
}

cnrtRet_t cnrtCopyKernelParamsBuffer(cnrtKernelParamsBuffer_t dst_params_buf,
                                     cnrtKernelParamsBuffer_t src_params_buf) {
  return Anytime([&] {
    if (dst_params_buf == src_params_buf) return CNRT_RET_ERR_INVALID;
    ParamsBuffer copy;
    const cnrtRet_t result = WithBuffer(src_params_buf, [&](const ParamsBuffer& source) {
      std::memcpy(static_cast<void*>(&copy), &source, sizeof(copy));
      return CNRT_RET_SUCCESS;
    });
    if (result != CNRT_RET_SUCCESS) return result;
    return WithBuffer(dst_params_buf, [&](ParamsBuffer& target) {
      std::memcpy(static_cast<void*>(&target), &copy, sizeof(copy));
      target.host_ptr = target.slots;
      target.input_index = target.inputs;
      target.output_index = target.outputs;
      target.static_index = target.statics;
      return CNRT_RET_SUCCESS;
    });
  });
}

cnrtRet_t cnrtInvokeKernel_V2(const void* function, cnrtDim3_t dim, cnrtKernelParamsBuffer_t params,
                              cnrtFunctionType_t func_type, cnrtQueue_t queue) {
  return Ready([&] {
    std::vector<picabia::bang::Argument> arguments;
    if (!ReadParams(params, {}, &arguments)) return CNRT_RET_ERR_INVALID;
    if (OnFakeDevice()) return CNRT_RET_WARNING_FAKE_DEVICE;
    return Launch(function, dim, std::move(arguments), func_type, queue);
  });
}

cnrtRet_t cnrtCreateKernelInitParam(cnrtKernelInitParam_t* init_param) {
  Clear(init_param);
  return Anytime([&] {
    if (init_param == nullptr) return CNRT_RET_ERR_INVALID;
    *init_param = TheInits().Add(std::make_shared<KernelInit>());
    return *init_param == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtInitKernelMemory(const void* function, cnrtKernelInitParam_t init_param) {
  return Ready([&] {
    const auto init = TheInits().Get(init_param);
    if (!init || picabia::bang::FindKernel(function).kernel == nullptr) return CNRT_RET_ERR_INVALID;
    const std::lock_guard lock(init->mutex);
    init->function = function;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyKernelInitParamAndMemory(cnrtKernelInitParam_t param) {
  return Anytime(
      [&] { return TheInits().Remove(param) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID; });
}

// extra_param names clusters to run on; the software has no reason to prefer any, and clients pass
// dangling ones.
cnrtRet_t cnrtInvokeKernel_V3(const void* function, cnrtKernelInitParam_t init_param,
                              cnrtDim3_t dim, cnrtKernelParamsBuffer_t params,
                              cnrtFunctionType_t func_type, cnrtQueue_t queue, void* /*extra*/) {
  return Ready([&] {
    const auto init = TheInits().Get(init_param);
    if (!init) return CNRT_RET_ERR_INVALID;
    const void* prepared = nullptr;
    {
      const std::lock_guard lock(init->mutex);
      prepared = init->function;
    }
    if (prepared == nullptr) return CNRT_RET_ERR_INIT;
    const bool same =
        picabia::bang::FindKernel(prepared).kernel == picabia::bang::FindKernel(function).kernel;
    if (!same) return CNRT_RET_ERR_INVALID;
    return cnrtInvokeKernel_V2(function, dim, params, func_type, queue);
  });
}

// `Kernel<<<dim, type, queue>>>(...)` of bang.h.
int picabia_bang_launch(const picabia_bang_kernel* kernel, const void* address,
                        const picabia_bang_module* module, const unsigned dim[3], int type,
                        void* queue, const void* const* arguments, const size_t* sizes) {
  return Ready([&] {
    const std::shared_ptr<Queue> where = FindQueue(static_cast<cnrtQueue_t>(queue));
    if (!where) return CNRT_RET_ERR_QUEUE;
    const auto use = UseMemory();
    // The registered kernel knows more: its variables, its checked twin.
    const picabia::bang::KernelEntry known = picabia::bang::FindKernel(address);
    if (known.kernel != nullptr) {
      kernel = known.kernel;
      module = known.module;
    }
    auto launch = picabia::bang::PrepareCall(*kernel, *module, {dim[0], dim[1], dim[2]}, type,
                                             arguments, sizes);
    return Put(where, std::move(launch));
  });
}
