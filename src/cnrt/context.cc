// Runtime contexts: a function made ready to run on a device, and its runs.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "cnrt/arrays.h"
#include "cnrt/context_run.h"
#include "cnrt/handles.h"
#include "cnrt/memory.h"
#include "cnrt/model.h"
#include "cnrt/notifier.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

using program::OfflineFunction;

constexpr int kNoDevice = -2;  // what is said of a context before it has one
constexpr int kCores = 16;

// One context. Clients share it between threads: every member waits for its turn.
class Context {
 public:
  explicit Context(std::shared_ptr<const OfflineFunction> function)
      : function_(std::move(function)) {}
  ~Context() {
    ReleaseOnDevice(device_, reserved_);
    if (function_handle_ != nullptr) cnrtDestroyFunction(function_handle_);
  }

  cnrtRet_t SetDevice(int ordinal) {
    const std::lock_guard lock(mutex_);
    if (run_) return CNRT_RET_ERR_INIT;
    if (ordinal < 0 || ordinal >= DeviceCount()) return CNRT_RET_ERR_NODEV;
    device_ = ordinal;
    return CNRT_RET_SUCCESS;
  }

  cnrtRet_t SetChannel(cnrtChannelType_t channel) {
    const std::lock_guard lock(mutex_);
    if (run_) return CNRT_RET_ERR_INIT;
    if (channel < CNRT_CHANNEL_TYPE_DUPLICATE || channel > CNRT_CHANNEL_TYPE_3)
      return CNRT_RET_ERR_INVALID;
    channel_ = channel;
    return CNRT_RET_SUCCESS;
  }

  cnrtRet_t Init() {
    const std::lock_guard lock(mutex_);
    return run_ ? CNRT_RET_ERR_INIT : Start(function_->memory_bytes);
  }

  // A context of its own that has the constants of this one.
  cnrtRet_t Fork(std::shared_ptr<Context>* made) {
    const std::lock_guard lock(mutex_);
    if (!run_) return CNRT_RET_ERR_INIT;
    auto fork = std::make_shared<Context>(function_);
    fork->device_ = device_;
    fork->channel_ = channel_;
    int64_t bytes = function_->memory_bytes;
    for (const program::Constant& c : function_->program->constants)
      bytes -= static_cast<int64_t>(c.data.num_bytes());
    const cnrtRet_t result = fork->Start(bytes);
    if (result == CNRT_RET_SUCCESS) *made = std::move(fork);
    return result;
  }

  // Where a queue or notifier of the context belongs; below 0 before Init.
  int ReadyDevice() {
    const std::lock_guard lock(mutex_);
    return run_ ? device_ : kNoDevice;
  }
  int device() {
    const std::lock_guard lock(mutex_);
    return device_;
  }
  cnrtChannelType_t channel() {
    const std::lock_guard lock(mutex_);
    return channel_;
  }
  const OfflineFunction& function() const { return *function_; }

  // A handle that lives as long as the context, also where the client's own is destroyed.
  cnrtFunction_t FunctionHandle() {
    const std::lock_guard lock(mutex_);
    if (!FindFunction(function_handle_)) {
      auto copy = std::make_shared<Function>();
      copy->Share(function_);
      function_handle_ = AddFunction(std::move(copy));
    }
    return function_handle_;
  }

  cnrtRet_t Run(const std::vector<void*>& params) {
    const std::lock_guard lock(running_);
    return run_->Run(params);
  }

 private:
  cnrtRet_t Start(int64_t bytes) {
    if (CardVersion() != CNRT_MLU270) {
      PrintInfo("the model is for an MLU270, and the card is set to be another");
      return CNRT_RET_ERR_UNSUPPORTED;
    }
    if (device_ == kNoDevice) device_ = CurrentDevice();
    const auto wanted = static_cast<size_t>(std::max<int64_t>(bytes, 0));
    if (!ReserveOnDevice(device_, wanted)) return CNRT_RET_ERR_NOMEM;
    auto run = FunctionRun::Create(*function_);
    if (!run.ok()) {
      ReleaseOnDevice(device_, wanted);
      PrintInfo(run.status().message());
      return run.status().code() == StatusCode::kUnsupported ? CNRT_RET_ERR_UNSUPPORTED
                                                             : CNRT_RET_ERR_INVALID;
    }
    reserved_ = wanted;
    run_ = *std::move(run);
    PrintInfo(function_->name + ": ready on device " + std::to_string(device_) + ", " +
              std::to_string(wanted >> 10) + " KB of its memory are taken");
    return CNRT_RET_SUCCESS;
  }

  const std::shared_ptr<const OfflineFunction> function_;
  std::mutex mutex_;  // guards what follows
  int device_ = kNoDevice;
  cnrtChannelType_t channel_ = CNRT_CHANNEL_TYPE_NONE;
  cnrtFunction_t function_handle_ = nullptr;
  size_t reserved_ = 0;               // bytes that the card would hold weights and tensors in
  std::unique_ptr<FunctionRun> run_;  // null until Init; then only Run uses it
  std::mutex running_;                // one run at a time
};

using Contexts = HandleTable<cnrtRuntimeContext, Context, HandleKind::kContext>;
Contexts& TheContexts() {
  static Contexts* contexts = new Contexts;  // never destroyed: see TheProcess of device.cc
  return *contexts;
}

template <typename Body>
cnrtRet_t WithContext(cnrtRuntimeContext_t handle, Body&& body) {
  return Ready([&] {
    const auto context = TheContexts().Get(handle);
    return context ? body(context) : CNRT_RET_ERR_INVALID;
  });
}

// Copies the pointers, which may be gone when the queue comes to them, and checks that each lies in
// the memory of the context's device with as many bytes behind it as the tensor has.
cnrtRet_t TakeParams(const OfflineFunction& function, int device, void** params,
                     std::vector<void*>* taken) {
  if (params == nullptr) return CNRT_RET_ERR_INVALID;
  const size_t inputs = function.inputs.size();
  for (size_t i = 0; i < inputs + function.outputs.size(); ++i) {
    const auto& port = i < inputs ? function.inputs[i] : function.outputs[i - inputs];
    const auto bytes = static_cast<size_t>(port.bytes());
    if (bytes > 0 && CheckDeviceRange(params[i], bytes, device) != CNRT_RET_SUCCESS) {
      PrintInfo("tensor '" + port.name + "': " + std::to_string(bytes) +
                " bytes of the memory of device " + std::to_string(device) +
                " expected behind its pointer");
      return CNRT_RET_ERR_INVALID;
    }
    taken->push_back(params[i]);
  }
  return CNRT_RET_SUCCESS;
}

cnrtRet_t Invoke(cnrtRuntimeContext_t handle, void** params, cnrtQueue_t queue) {
  return WithContext(handle, [&](const std::shared_ptr<Context>& context) {
    const int device = context->ReadyDevice();
    if (device < 0) return CNRT_RET_ERR_INIT;
    std::vector<void*> taken;
    const auto use = UseMemory();
    const cnrtRet_t checked = TakeParams(context->function(), device, params, &taken);
    if (checked != CNRT_RET_SUCCESS) return checked;
    const auto found = FindQueue(queue);
    if (!found || found->device() != device) return CNRT_RET_ERR_QUEUE;
    return found->Put([context, taken = std::move(taken)] { return context->Run(taken); });
  });
}

// Only four bytes of an integer: clients give the address of an int.
void PutInt(void** out, int value) { std::memcpy(static_cast<void*>(out), &value, sizeof(value)); }

}  // namespace

void DestroyAllContexts() { TheContexts().RemoveAll(); }

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C
using ContextPointer = std::shared_ptr<Context>;

cnrtRet_t cnrtCreateRuntimeContext(cnrtRuntimeContext_t* pctx, cnrtFunction_t function,
                                   void* /*extra*/) {
  Clear(pctx);
  return Anytime([&] {
    if (pctx == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    const auto found = FindFunction(function);
    auto filled = found ? found->Get() : nullptr;
    if (!filled) return CNRT_RET_ERR_INVALID;
    *pctx = TheContexts().Add(std::make_shared<Context>(std::move(filled)));
    return *pctx == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyRuntimeContext(cnrtRuntimeContext_t pctx) {
  return Anytime(
      [&] { return TheContexts().Remove(pctx) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID; });
}

cnrtRet_t cnrtSetRuntimeContextDeviceId(cnrtRuntimeContext_t pctx, int dev_ordinal) {
  return WithContext(pctx, [&](const ContextPointer& c) { return c->SetDevice(dev_ordinal); });
}

cnrtRet_t cnrtSetRuntimeContextChannel(cnrtRuntimeContext_t pctx, cnrtChannelType_t channel) {
  return WithContext(pctx, [&](const ContextPointer& c) { return c->SetChannel(channel); });
}

cnrtRet_t cnrtInitRuntimeContext(cnrtRuntimeContext_t pctx, void* /*extra*/) {
  return WithContext(pctx, [](const ContextPointer& c) { return c->Init(); });
}

cnrtRet_t cnrtForkRuntimeContext(cnrtRuntimeContext_t* dst_pctx, cnrtRuntimeContext_t src_pctx,
                                 void* /*extra*/) {
  Clear(dst_pctx);
  if (dst_pctx == nullptr) return Anytime([] { return CNRT_RET_ERR_INVALID; });
  return WithContext(src_pctx, [&](const ContextPointer& source) {
    ContextPointer fork;
    const cnrtRet_t result = source->Fork(&fork);
    if (result != CNRT_RET_SUCCESS) return result;
    *dst_pctx = TheContexts().Add(std::move(fork));
    return *dst_pctx == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetCurrentContextDevice(cnrtRuntimeContext_t pctx) {
  return WithContext(pctx, [](const ContextPointer& c) {
    const int device = c->device();
    if (device < 0) return CNRT_RET_ERR_INVALID;
    SetCurrentDeviceOrdinal(device);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtRuntimeContextCreateQueue(cnrtRuntimeContext_t pctx, cnrtQueue_t* queue) {
  Clear(queue);
  return WithContext(pctx, [&](const ContextPointer& c) {
    if (queue == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    const int device = c->ReadyDevice();
    return device < 0 ? CNRT_RET_ERR_INIT : CreateQueueOn(device, queue);
  });
}

cnrtRet_t cnrtRuntimeContextCreateNotifier(cnrtRuntimeContext_t pctx, cnrtNotifier_t* pnotifier) {
  Clear(pnotifier);
  return WithContext(pctx, [&](const ContextPointer& c) {
    if (pnotifier == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    return c->ReadyDevice() < 0 ? CNRT_RET_ERR_INIT : CreateNotifier(pnotifier);
  });
}

cnrtRet_t cnrtGetRuntimeContextInfo(cnrtRuntimeContext_t pctx, cnrtRuntimeContextInfo_t key,
                                    void** out) {
  if (out != nullptr) {
    PutInt(out, 0);
    if (key == CNRT_RT_CTX_FUNCTION) *out = nullptr;
  }
  return WithContext(pctx, [&](const ContextPointer& c) {
    if (out == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    const OfflineFunction& f = c->function();
    switch (key) {
      case CNRT_RT_CTX_FUNCTION:
        *out = c->FunctionHandle();
        return *out == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
      case CNRT_RT_CTX_DEV_ORDINAL:
        PutInt(out, c->device());
        break;
      case CNRT_RT_CTX_CORE_NUMBER:
        PutInt(out, kCores);
        break;
      case CNRT_RT_CTX_MODEL_PARALLEL:
        PutInt(out, f.model_parallelism);
        break;
      case CNRT_RT_CTX_CHANNEL:
        PutInt(out, c->channel());
        break;
      case CNRT_RT_CTX_MAX_BATCH_NUM:
        PutInt(out, f.inputs.empty() || f.inputs[0].shape.empty()
                        ? 1
                        : static_cast<int>(f.inputs[0].shape[0]));
        break;
      default:
        return CNRT_RET_ERR_INVALID;
    }
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtInvokeRuntimeContext(cnrtRuntimeContext_t pctx, void** params, cnrtQueue_t queue,
                                   void* /*extra*/) {
  return Invoke(pctx, params, queue);
}

// Shapes are fixed: descriptors say nothing new, and known clients give odd ones.
cnrtRet_t cnrtInvokeRuntimeContext_V2(cnrtRuntimeContext_t pctx, cnrtParamDesc_t* /*param_descs*/,
                                      void** param_buffers, cnrtQueue_t queue, void* /*extra*/) {
  return Invoke(pctx, param_buffers, queue);
}

cnrtRet_t cnrtInvokeRuntimeContext_V3(cnrtRuntimeContext_t pctx, int* batch_sizes,
                                      void** param_buffers, cnrtQueue_t queue, void* /*extra*/) {
  if (batch_sizes != nullptr) {
    const cnrtRet_t checked = WithContext(pctx, [&](const ContextPointer& c) {
      const auto& inputs = c->function().inputs;
      for (size_t i = 0; i < inputs.size(); ++i)
        if (!inputs[i].shape.empty() && batch_sizes[i] != inputs[i].shape[0])
          return CNRT_RET_ERR_INVALID;
      return CNRT_RET_SUCCESS;
    });
    if (checked != CNRT_RET_SUCCESS) return checked;
  }
  return Invoke(pctx, param_buffers, queue);
}

cnrtRet_t cnrtRuntimeContextMallocBySizeArray(cnrtRuntimeContext_t pctx, void*** ptr,
                                              size_t* bytesArray, int length) {
  Clear(ptr);
  return WithContext(pctx, [&](const ContextPointer& c) {
    if (ptr == nullptr || bytesArray == nullptr || length < 1) return CNRT_RET_ERR_INVALID;
    const int device = c->ReadyDevice();
    if (device < 0) return CNRT_RET_ERR_INIT;
    const auto count = static_cast<size_t>(length);
    std::vector<void*> blocks(count);
    bool all = true;
    for (size_t i = 0; i < count && all; ++i) {
      if (bytesArray[i] == 0) continue;
      blocks[i] = AllocateOnDevice(device, bytesArray[i]);
      all = blocks[i] != nullptr;
    }
    *ptr = all ? MakeArray(ArrayKind::kAddresses, blocks) : nullptr;
    if (*ptr != nullptr) return CNRT_RET_SUCCESS;
    for (void* block : blocks) FreeOnDevice(block);
    return CNRT_RET_ERR_NOMEM;
  });
}

cnrtRet_t cnrtRuntimeContextFree(cnrtRuntimeContext_t pctx, void* ptr) {
  return WithContext(pctx, [&](const ContextPointer&) { return cnrtFree(ptr); });
}

cnrtRet_t cnrtRuntimeContextFreeArray(cnrtRuntimeContext_t pctx, void** ptr, int length) {
  return WithContext(pctx, [&](const ContextPointer&) {
    // Also an array that cnrtRuntimeContextMallocBySizeArray did not make may be wrong memory.
    if (length < 1 || !IsLiveArray(ArrayKind::kAddresses, ptr, static_cast<size_t>(length)))
      return CNRT_RET_ERR_INVALID;
    cnrtRet_t first = CNRT_RET_SUCCESS;
    for (void* block : ReadArray(ptr, static_cast<size_t>(length))) {
      const cnrtRet_t result = block == nullptr ? CNRT_RET_SUCCESS : cnrtFree(block);
      if (first == CNRT_RET_SUCCESS) first = result;
    }
    if (first == CNRT_RET_SUCCESS)
      ReleaseArray(ArrayKind::kAddresses, ptr, static_cast<size_t>(length));
    return first;
  });
}
