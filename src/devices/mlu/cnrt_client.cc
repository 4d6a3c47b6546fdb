#include "devices/mlu/cnrt_client.h"

#include <cnrt.h>
#include <dlfcn.h>

#include <utility>

#include "base/checked.h"

namespace picabia::mlu {

// The functions that are used, in the order of their first use.
#define PICABIA_CNRT_FUNCTIONS(F)     \
  F(cnrtInit)                         \
  F(cnrtGetDeviceCount)               \
  F(cnrtGetDeviceHandle)              \
  F(cnrtSetCurrentDevice)             \
  F(cnrtLoadModelFromMem)             \
  F(cnrtCreateFunction)               \
  F(cnrtExtractFunction)              \
  F(cnrtCreateRuntimeContext)         \
  F(cnrtSetRuntimeContextDeviceId)    \
  F(cnrtInitRuntimeContext)           \
  F(cnrtRuntimeContextCreateQueue)    \
  F(cnrtRuntimeContextCreateNotifier) \
  F(cnrtMalloc)                       \
  F(cnrtMemcpy)                       \
  F(cnrtPlaceNotifier)                \
  F(cnrtInvokeRuntimeContext)         \
  F(cnrtSyncQueue)                    \
  F(cnrtNotifierDuration)             \
  F(cnrtFree)                         \
  F(cnrtDestroyNotifier)              \
  F(cnrtDestroyQueue)                 \
  F(cnrtDestroyRuntimeContext)        \
  F(cnrtDestroyFunction)              \
  F(cnrtUnloadModel)                  \
  F(cnrtDestroy)                      \
  F(cnrtGetErrorStr)

struct CnrtLibrary::Api {
#define PICABIA_CNRT_MEMBER(name) decltype(&::name) name = nullptr;
  PICABIA_CNRT_FUNCTIONS(PICABIA_CNRT_MEMBER)
#undef PICABIA_CNRT_MEMBER
  cnrtDev_t device = 0;
};

CnrtLibrary::CnrtLibrary() = default;
CnrtLibrary::~CnrtLibrary() {
  if (initialised_) api_->cnrtDestroy();
}

// Returns from the enclosing function with a Status when a CNRT function gives an error.
#define PICABIA_CNRT_CALL(library, function, ...) \
  PICABIA_RETURN_IF_ERROR((library).Check((library).api().function(__VA_ARGS__), #function))

Result<std::shared_ptr<const CnrtLibrary>> CnrtLibrary::Open(const std::string& path) {
  const std::shared_ptr<CnrtLibrary> library(new CnrtLibrary());
  library->path_ = path;
  library->api_ = std::make_unique<Api>();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) return NotFound(std::string("CNRT library: ") + dlerror());
  Api& api = *library->api_;
#define PICABIA_CNRT_FIND(name)                                          \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(handle, #name)); \
  if (api.name == nullptr)                                               \
    return InvalidArgument("CNRT library " + path + ": has no function " #name);
  PICABIA_CNRT_FUNCTIONS(PICABIA_CNRT_FIND)
#undef PICABIA_CNRT_FIND
  PICABIA_CNRT_CALL(*library, cnrtInit, 0);
  library->initialised_ = true;
  unsigned int count = 0;
  PICABIA_CNRT_CALL(*library, cnrtGetDeviceCount, &count);
  if (count == 0) return ResourceError("CNRT library " + path + ": found no card");
  PICABIA_CNRT_CALL(*library, cnrtGetDeviceHandle, &api.device, 0);
  return std::shared_ptr<const CnrtLibrary>(library);
}

Status CnrtLibrary::Check(int code, const char* function) const {
  if (code == CNRT_RET_SUCCESS) return OkStatus();
  const std::string text = "CNRT library " + path_ + ": " + function + " gave " +
                           std::to_string(code) + ", " +
                           api_->cnrtGetErrorStr(static_cast<cnrtRet_t>(code));
  if (code == CNRT_RET_ERR_NOMEM) return ResourceError(text);
  return code == CNRT_RET_ERR_UNSUPPORTED ? Unsupported(text) : InvalidArgument(text);
}

struct CnrtFunction::Impl {
  ~Impl() {
    const CnrtLibrary::Api& api = library->api();
    for (void* block : params)
      if (block != nullptr) api.cnrtFree(block);
    for (cnrtNotifier_t* notifier : {&start, &end})
      if (*notifier != nullptr) api.cnrtDestroyNotifier(notifier);
    if (queue != nullptr) api.cnrtDestroyQueue(queue);
    if (context != nullptr) api.cnrtDestroyRuntimeContext(context);
    if (function != nullptr) api.cnrtDestroyFunction(function);
    if (cnrt_model != nullptr) api.cnrtUnloadModel(cnrt_model);
  }
  Status Load();
  Status Allocate();

  std::shared_ptr<const CnrtLibrary> library;
  std::string model;
  std::vector<ops::TensorType> inputs, outputs;
  cnrtModel_t cnrt_model = nullptr;
  cnrtFunction_t function = nullptr;
  cnrtRuntimeContext_t context = nullptr;
  cnrtQueue_t queue = nullptr;
  cnrtNotifier_t start = nullptr, end = nullptr;
  std::vector<void*> params;  // inputs, then outputs
};

CnrtFunction::CnrtFunction() = default;
CnrtFunction::~CnrtFunction() = default;

Status CnrtFunction::Impl::Load() {
  const CnrtLibrary& lib = *library;
  PICABIA_CNRT_CALL(lib, cnrtSetCurrentDevice, lib.api().device);
  PICABIA_CNRT_CALL(lib, cnrtLoadModelFromMem, &cnrt_model, model.data());
  PICABIA_CNRT_CALL(lib, cnrtCreateFunction, &function);
  PICABIA_CNRT_CALL(lib, cnrtExtractFunction, &function, cnrt_model, "subnet0");
  PICABIA_CNRT_CALL(lib, cnrtCreateRuntimeContext, &context, function, nullptr);
  PICABIA_CNRT_CALL(lib, cnrtSetRuntimeContextDeviceId, context, 0);
  PICABIA_CNRT_CALL(lib, cnrtInitRuntimeContext, context, nullptr);
  PICABIA_CNRT_CALL(lib, cnrtRuntimeContextCreateQueue, context, &queue);
  for (cnrtNotifier_t* notifier : {&start, &end})
    PICABIA_CNRT_CALL(lib, cnrtRuntimeContextCreateNotifier, context, notifier);
  model = {};  // the library has its copy
  return OkStatus();
}

Status CnrtFunction::Impl::Allocate() {
  for (const auto* types : {&inputs, &outputs})
    for (const ops::TensorType& type : *types) {
      const auto count = CheckedProduct(type.shape);
      if (!count) return InvalidArgument("a tensor is too large");
      const size_t bytes = static_cast<size_t>(*count) * DTypeSize(type.dtype);
      PICABIA_CNRT_CALL(*library, cnrtMalloc, &params.emplace_back(), bytes);
    }
  return OkStatus();
}

Result<std::unique_ptr<CnrtFunction>> CnrtFunction::Create(
    std::shared_ptr<const CnrtLibrary> library, const std::string& model,
    std::vector<ops::TensorType> inputs, std::vector<ops::TensorType> outputs) {
  std::unique_ptr<CnrtFunction> made(new CnrtFunction());
  made->impl_ = std::make_unique<Impl>();
  Impl& impl = *made->impl_;
  impl.library = std::move(library);
  impl.model = model;
  impl.inputs = std::move(inputs);
  impl.outputs = std::move(outputs);
  PICABIA_RETURN_IF_ERROR(impl.Load());
  PICABIA_RETURN_IF_ERROR(impl.Allocate());
  return made;
}

Result<std::vector<Tensor>> CnrtFunction::Run(const std::vector<Tensor>& inputs, double* ms) {
  Impl& f = *impl_;
  const CnrtLibrary& lib = *f.library;
  PICABIA_CNRT_CALL(lib, cnrtSetCurrentDevice, lib.api().device);
  for (size_t i = 0; i < inputs.size(); ++i)
    PICABIA_CNRT_CALL(lib, cnrtMemcpy, f.params[i], const_cast<std::byte*>(inputs[i].bytes()),
                      inputs[i].num_bytes(), CNRT_MEM_TRANS_DIR_HOST2DEV);
  PICABIA_CNRT_CALL(lib, cnrtPlaceNotifier, f.start, f.queue);
  PICABIA_CNRT_CALL(lib, cnrtInvokeRuntimeContext, f.context, f.params.data(), f.queue, nullptr);
  PICABIA_CNRT_CALL(lib, cnrtPlaceNotifier, f.end, f.queue);
  PICABIA_CNRT_CALL(lib, cnrtSyncQueue, f.queue);
  float us = 0;
  PICABIA_CNRT_CALL(lib, cnrtNotifierDuration, f.start, f.end, &us);
  *ms = us / 1000;
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < f.outputs.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(f.outputs[i].dtype, f.outputs[i].shape));
    PICABIA_CNRT_CALL(lib, cnrtMemcpy, out.MutableData<std::byte>(), f.params[inputs.size() + i],
                      out.num_bytes(), CNRT_MEM_TRANS_DIR_DEV2HOST);
    outputs.push_back(std::move(out));
  }
  return outputs;
}

}  // namespace picabia::mlu
