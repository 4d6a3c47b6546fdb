// cnrt_legacy.h: the interface of the MLU100, in terms of the later one.
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cnrt/arrays.h"
#include "cnrt/cnrt_legacy.h"
#include "cnrt/handles.h"
#include "cnrt/memory.h"
#include "cnrt/model.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

using program::OfflineFunction;
using program::OfflinePort;

// A tensor on the device and how the host has it.
class DataDesc {
 public:
  explicit DataDesc(const OfflinePort& port)
      : shape_(port.shape.begin(), port.shape.end()),
        type_(TypeOf(port.dtype)),
        bytes_(static_cast<size_t>(port.bytes())),
        host_type_(type_) {}

  const std::vector<int>& shape() const { return shape_; }
  size_t bytes() const { return bytes_; }  // of one item on the device
  int64_t count() const { return static_cast<int64_t>(bytes_) / cnrtDataTypeSize(type_); }
  // `dim` counts in NCHW; what the tensor has not is 1.
  unsigned Dim(size_t dim) const {
    constexpr size_t kPlace[] = {0, 3, 1, 2};  // of n, c, h, w in NHWC
    const size_t place = shape_.size() == 4 ? kPlace[dim] : dim;
    return place < shape_.size() ? static_cast<unsigned>(shape_[place]) : 1;
  }

  void SetLayout(cnrtDataType_t type, bool channels_first) {
    const std::lock_guard lock(mutex_);
    host_type_ = type;
    channels_first_ = channels_first;
  }
  size_t host_bytes() const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(count()) * static_cast<size_t>(cnrtDataTypeSize(host_type_));
  }

  // One item, from the host's form to the device's or back.
  cnrtRet_t Convert(void* src, void* dst, bool to_device) const {
    const std::lock_guard lock(mutex_);
    const cnrtDataType_t from = to_device ? host_type_ : type_, to = to_device ? type_ : host_type_;
    if (channels_first_ && shape_.size() == 4) {
      int nhwc[] = {shape_[0], shape_[1], shape_[2], shape_[3]};
      int nchw[] = {shape_[0], shape_[3], shape_[1], shape_[2]};
      int to_nhwc[] = {0, 2, 3, 1}, to_nchw[] = {0, 3, 1, 2};
      return cnrtTransOrderAndCast(src, from, dst, to, nullptr, 4, to_device ? nchw : nhwc,
                                   to_device ? to_nhwc : to_nchw);
    }
    if (from != to) return cnrtCastDataType(src, from, dst, to, static_cast<int>(count()), nullptr);
    std::memcpy(dst, src, bytes_);
    return CNRT_RET_SUCCESS;
  }

 private:
  const std::vector<int> shape_;
  const cnrtDataType_t type_;
  const size_t bytes_;
  mutable std::mutex mutex_;  // guards the rest
  cnrtDataType_t host_type_;
  bool channels_first_ = false;
};

using Descs = HandleTable<cnrtDataDesc, DataDesc, HandleKind::kDataDesc>;
Descs& TheDescs() {
  static Descs* descs = new Descs;  // never destroyed: see TheProcess of device.cc
  return *descs;
}

// The descriptors of a function's inputs or outputs.
struct DescArray {
  explicit DescArray(const std::vector<OfflinePort>& ports) : length(ports.size()) {
    std::vector<void*> descs(room());
    for (size_t i = 0; i < length; ++i)
      descs[i] = TheDescs().Add(std::make_shared<DataDesc>(ports[i]));
    array = reinterpret_cast<cnrtDataDescArray_t>(MakeArray(ArrayKind::kDataDescriptors, descs));
    if (array == nullptr) throw std::bad_alloc();
  }
  ~DescArray() {
    for (void* desc : ReadArray(array, length))
      TheDescs().Remove(static_cast<cnrtDataDesc_t>(desc));
    ReleaseArray(ArrayKind::kDataDescriptors, array, room());
  }
  DescArray(const DescArray&) = delete;
  DescArray& operator=(const DescArray&) = delete;
  size_t room() const { return length == 0 ? 1 : length; }

  size_t length;
  cnrtDataDescArray_t array;
};

// What a function has beside itself once this interface is used with it.
struct Legacy {
  explicit Legacy(const OfflineFunction& function)
      : inputs(function.inputs), outputs(function.outputs) {}
  ~Legacy() {
    for (const auto& [device, context] : contexts) cnrtDestroyRuntimeContext(context);
  }
  DescArray inputs, outputs;
  std::mutex mutex;                              // guards contexts
  std::map<int, cnrtRuntimeContext_t> contexts;  // by device
};

std::shared_ptr<void> MakeLegacy(const OfflineFunction& function) {
  return std::make_shared<Legacy>(function);
}

// Calls body(Legacy&, const OfflineFunction&) of a filled function.
template <typename Body>
cnrtRet_t WithLegacy(cnrtFunction_t handle, Body&& body) {
  return Anytime([&] {
    const auto function = FindFunction(handle);
    if (!function) return CNRT_RET_ERR_INVALID_POINTER;
    const auto filled = function->Get();
    if (!filled) return CNRT_RET_ERR_NO_EXIST;
    const auto attached = function->Attached(MakeLegacy);
    return body(*static_cast<Legacy*>(attached.get()), *filled);
  });
}

cnrtRet_t GetDescs(cnrtDataDescArray_t* array, int* num, cnrtFunction_t function,
                   DescArray Legacy::* descs) {
  Clear(array, num);
  return WithLegacy(function, [&](Legacy& legacy, const OfflineFunction&) {
    if (array == nullptr || num == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    *array = (legacy.*descs).array;
    *num = static_cast<int>((legacy.*descs).length);
    return CNRT_RET_SUCCESS;
  });
}

template <typename Body>
cnrtRet_t WithDesc(cnrtDataDesc_t handle, Body&& body) {
  return Anytime([&] {
    const auto desc = TheDescs().Get(handle);
    return desc ? body(*desc) : CNRT_RET_ERR_INVALID_DATADESC;
  });
}

// The bytes of `items` items; false where there are none or too many.
bool Bytes(size_t one, int items, size_t* all) {
  return items >= 1 && !__builtin_mul_overflow(one, static_cast<size_t>(items), all);
}

cnrtRet_t Malloc(void** pointer, cnrtDataDesc_t handle, int items) {
  Clear(pointer);
  return WithDesc(handle, [&](const DataDesc& desc) {
    size_t bytes = 0;
    return Bytes(desc.bytes(), items, &bytes) ? cnrtMalloc(pointer, bytes) : CNRT_RET_ERR_INVALID;
  });
}

cnrtRet_t MallocArray(void*** pointers, cnrtDataDescArray_t descs, int length, int items) {
  Clear(pointers);
  return Ready([&] {
    if (pointers == nullptr || !IsAddress(descs) || length < 1) return CNRT_RET_ERR_INVALID;
    std::vector<void*> blocks;
    cnrtRet_t result = CNRT_RET_SUCCESS;
    for (void* desc : ReadArray(descs, static_cast<size_t>(length))) {
      result = Malloc(&blocks.emplace_back(), static_cast<cnrtDataDesc_t>(desc), items);
      if (result != CNRT_RET_SUCCESS) break;
    }
    if (result == CNRT_RET_SUCCESS) {
      *pointers = MakeArray(ArrayKind::kAddresses, blocks);
      if (*pointers != nullptr) return result;
      result = CNRT_RET_ERR_NOMEM;
    }
    for (void* block : blocks) FreeOnDevice(block);
    return result;
  });
}

cnrtRet_t Copy(void* dst, void* src, cnrtDataDesc_t handle, int items, cnrtMemTransDir_t dir) {
  return Ready([&] {
    const auto desc = TheDescs().Get(handle);
    if (!desc) return CNRT_RET_ERR_INVALID_DATADESC;
    const bool to_device = dir == CNRT_MEM_TRANS_DIR_HOST2DEV;
    size_t bytes = 0;
    const bool known = to_device || dir == CNRT_MEM_TRANS_DIR_DEV2HOST;
    if (!known || dst == nullptr || src == nullptr || !Bytes(desc->bytes(), items, &bytes))
      return CNRT_RET_ERR_INVALID;
    const auto use = UseMemory();
    cnrtRet_t result =
        bytes == 0 ? CNRT_RET_SUCCESS : CheckDeviceRange(to_device ? dst : src, bytes);
    const size_t host_bytes = desc->host_bytes();
    auto* to = static_cast<char*>(dst);
    auto* from = static_cast<char*>(src);
    for (int i = 0; i < items && result == CNRT_RET_SUCCESS; ++i) {
      result = desc->Convert(from, to, to_device);
      from += to_device ? host_bytes : desc->bytes();
      to += to_device ? desc->bytes() : host_bytes;
    }
    return result;
  });
}

cnrtRet_t CopyArray(void** dst, void** src, cnrtDataDescArray_t descs, int length, int items,
                    cnrtMemTransDir_t dir) {
  return Ready([&] {
    if (!IsAddress(dst) || !IsAddress(src) || !IsAddress(descs) || length < 1)
      return CNRT_RET_ERR_INVALID;
    const auto count = static_cast<size_t>(length);
    const auto to = ReadArray(dst, count), from = ReadArray(src, count),
               handles = ReadArray(descs, count);
    for (size_t i = 0; i < count; ++i) {
      const auto desc = static_cast<cnrtDataDesc_t>(handles[i]);
      const cnrtRet_t result = Copy(to[i], from[i], desc, items, dir);
      if (result != CNRT_RET_SUCCESS) return result;
    }
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t InitMemory(cnrtFunction_t handle) {
  if (!Initialised()) return Anytime([] { return CNRT_RET_ERR_INIT; });
  return WithLegacy(handle, [&](Legacy& legacy, const OfflineFunction&) {
    const std::lock_guard lock(legacy.mutex);
    cnrtRuntimeContext_t& context = legacy.contexts[CurrentDevice()];
    int ordinal = -1;  // contexts end with the last cnrtDestroy
    if (cnrtGetRuntimeContextInfo(context, CNRT_RT_CTX_DEV_ORDINAL,
                                  reinterpret_cast<void**>(&ordinal)) == CNRT_RET_SUCCESS)
      return CNRT_RET_SUCCESS;
    cnrtRet_t result = cnrtCreateRuntimeContext(&context, handle, nullptr);
    if (result == CNRT_RET_SUCCESS) result = cnrtInitRuntimeContext(context, nullptr);
    if (result == CNRT_RET_SUCCESS) return result;
    cnrtDestroyRuntimeContext(context);
    context = nullptr;
    return result;
  });
}

// Checks that all items of all tensors are there, so that either all of them run or none.
cnrtRet_t CheckItems(const OfflineFunction& function, void* const* params, int items) {
  for (const auto* ports : {&function.inputs, &function.outputs})
    for (const OfflinePort& port : *ports) {
      size_t bytes = 0;
      if (!Bytes(static_cast<size_t>(port.bytes()), items, &bytes)) return CNRT_RET_ERR_INVALID;
      if (bytes > 0 && CheckDeviceRange(*params, bytes, CurrentDevice()) != CNRT_RET_SUCCESS)
        return CNRT_RET_ERR_INVALID;
      ++params;
    }
  return CNRT_RET_SUCCESS;
}

cnrtRet_t Invoke(cnrtFunction_t handle, void** params, int items, cnrtQueue_t queue) {
  if (!Initialised()) return Anytime([] { return CNRT_RET_ERR_INIT; });
  return WithLegacy(handle, [&](Legacy& legacy, const OfflineFunction& function) {
    cnrtRuntimeContext_t context = nullptr;
    {
      const std::lock_guard lock(legacy.mutex);
      const auto found = legacy.contexts.find(CurrentDevice());
      if (found != legacy.contexts.end()) context = found->second;
    }
    if (context == nullptr) return CNRT_RET_ERR_INIT;
    if (params == nullptr) return CNRT_RET_ERR_INVALID;
    const cnrtRet_t checked = CheckItems(function, params, items);
    if (checked != CNRT_RET_SUCCESS) return checked;
    std::vector<OfflinePort> ports = function.inputs;
    ports.insert(ports.end(), function.outputs.begin(), function.outputs.end());
    std::vector<void*> at(params, params + ports.size());
    for (int i = 0; i < items; ++i) {
      const cnrtRet_t result = cnrtInvokeRuntimeContext(context, at.data(), queue, nullptr);
      if (result != CNRT_RET_SUCCESS) return result;
      for (size_t k = 0; k < at.size(); ++k) at[k] = static_cast<char*>(at[k]) + ports[k].bytes();
    }
    return CNRT_RET_SUCCESS;
  });
}

}  // namespace
}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtGetInputDataDesc(cnrtDataDescArray_t* descArray, int* num, cnrtFunction_t function) {
  return GetDescs(descArray, num, function, &Legacy::inputs);
}
cnrtRet_t cnrtGetOutputDataDesc(cnrtDataDescArray_t* descArray, int* num, cnrtFunction_t function) {
  return GetDescs(descArray, num, function, &Legacy::outputs);
}

cnrtRet_t cnrtGetDataShape(cnrtDataDesc_t desc, unsigned* n, unsigned* c, unsigned* h,
                           unsigned* w) {
  Clear(n, c, h, w);
  return WithDesc(desc, [&](const DataDesc& d) {
    unsigned* outs[] = {n, c, h, w};
    for (const unsigned* out : outs)
      if (out == nullptr) return CNRT_RET_ERR_INVALID;
    for (size_t i = 0; i < 4; ++i) *outs[i] = d.Dim(i);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetHostDataLayout(cnrtDataDesc_t desc, cnrtDataType_t dtype, cnrtDimOrder_t order) {
  return WithDesc(desc, [&](DataDesc& d) {
    if (order != CNRT_NCHW && order != CNRT_NHWC) return CNRT_RET_ERR_UNSUPPORTED;
    bool known = false;
    for (size_t i = 0; i < picabia::kNumDTypes; ++i)
      known = known || (dtype != CNRT_INVALID && TypeOf(static_cast<picabia::DType>(i)) == dtype);
    if (!known) return CNRT_RET_ERR_UNSUPPORTED;
    d.SetLayout(dtype, order == CNRT_NCHW);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetHostDataCount(cnrtDataDesc_t desc, int* count) {
  Clear(count);
  return WithDesc(desc, [&](const DataDesc& d) {
    if (count == nullptr) return CNRT_RET_ERR_INVALID;
    *count = static_cast<int>(d.count());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetMemcpyBatchAlignment(cnrtDataDesc_t desc, unsigned int* alignment) {
  Clear(alignment);
  return WithDesc(desc, [&](const DataDesc&) {
    if (alignment == nullptr) return CNRT_RET_ERR_INVALID;
    *alignment = 1;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtMallocBatch(void** pPtr, size_t bytes, int dataParallelism) {
  Clear(pPtr);
  return Anytime([&] {
    size_t all = 0;
    return Bytes(bytes, dataParallelism, &all) ? cnrtMalloc(pPtr, all) : CNRT_RET_ERR_INVALID;
  });
}
cnrtRet_t cnrtMallocByDesc(void** pPtr, cnrtDataDesc_t dataDesc) {
  return Malloc(pPtr, dataDesc, 1);
}
cnrtRet_t cnrtMallocBatchByDesc(void** pPtr, cnrtDataDesc_t dataDesc, int dataParallelism) {
  return Malloc(pPtr, dataDesc, dataParallelism);
}
cnrtRet_t cnrtMallocByDescArray(void*** pPtrArray, cnrtDataDescArray_t dataDescArray, int length) {
  return MallocArray(pPtrArray, dataDescArray, length, 1);
}
cnrtRet_t cnrtMallocBatchByDescArray(void*** pPtrArray, cnrtDataDescArray_t dataDescArray,
                                     int length, int dataParallelism) {
  return MallocArray(pPtrArray, dataDescArray, length, dataParallelism);
}

cnrtRet_t cnrtMemcpyByDesc(void* dst, void* src, cnrtDataDesc_t dataDesc, cnrtMemTransDir_t dir) {
  return Copy(dst, src, dataDesc, 1, dir);
}
cnrtRet_t cnrtMemcpyBatchByDesc(void* dst, void* src, cnrtDataDesc_t dataDesc, int dataParallelism,
                                cnrtMemTransDir_t dir) {
  return Copy(dst, src, dataDesc, dataParallelism, dir);
}
cnrtRet_t cnrtMemcpyByDescArray(void** dstArray, void** srcArray, cnrtDataDescArray_t dataDescArray,
                                int length, cnrtMemTransDir_t dir) {
  return CopyArray(dstArray, srcArray, dataDescArray, length, 1, dir);
}
cnrtRet_t cnrtMemcpyBatchByDescArray(void** dstArray, void** srcArray,
                                     cnrtDataDescArray_t dataDescArray, int length,
                                     int dataParallelism, cnrtMemTransDir_t dir) {
  return CopyArray(dstArray, srcArray, dataDescArray, length, dataParallelism, dir);
}
cnrtRet_t cnrtMemcpyBatch(void* dst, void* src, size_t bytes, int dataParallelism,
                          cnrtMemTransDir_t dir) {
  return Anytime([&] {
    size_t all = 0;
    return Bytes(bytes, dataParallelism, &all) ? cnrtMemcpy(dst, src, all, dir)
                                               : CNRT_RET_ERR_INVALID;
  });
}

cnrtRet_t cnrtInitFunctionMemory(cnrtFunction_t function, cnrtFunctionType_t /*func_type*/) {
  return InitMemory(function);
}
cnrtRet_t cnrtInitFunctionMemory_V2(cnrtFunction_t function, cnrtInitFuncParam_t* /*param*/) {
  return InitMemory(function);
}

cnrtRet_t cnrtInvokeFunction_V2(cnrtFunction_t function, cnrtDim3_t /*dim*/, void** params,
                                cnrtFunctionType_t /*func_type*/, cnrtQueue_t queue,
                                void* extra_param) {
  const auto* extra = static_cast<const cnrtInvokeFuncParam_t*>(extra_param);
  const bool given = extra != nullptr && extra->data_parallelism != nullptr;
  return Invoke(function, params, given ? *extra->data_parallelism : 1, queue);
}
cnrtRet_t cnrtInvokeFunction(cnrtFunction_t function, cnrtDim3_t /*dim*/, void** params,
                             cnrtFunctionType_t /*c*/, cnrtStream_t stream, void* /*priv*/) {
  return Invoke(function, params, 1, stream);
}
cnrtRet_t cnrtInvokeKernel(const void* function, cnrtDim3_t dim, cnrtKernelParamsBuffer_t params,
                           cnrtFunctionType_t c, cnrtStream_t stream) {
  return cnrtInvokeKernel_V2(function, dim, params, c, stream);
}

cnrtRet_t cnrtCreateStream(cnrtStream_t* pStream) { return cnrtCreateQueue(pStream); }
cnrtRet_t cnrtDestroyStream(cnrtStream_t stream) { return cnrtDestroyQueue(stream); }
cnrtRet_t cnrtSyncStream(cnrtStream_t stream) { return cnrtSyncQueue(stream); }
cnrtRet_t cnrtQueryStream(cnrtStream_t stream) { return cnrtQueryQueue(stream); }
cnrtRet_t cnrtCreateEvent(cnrtEvent_t* event) { return cnrtCreateNotifier(event); }
cnrtRet_t cnrtDestroyEvent(cnrtEvent_t event) { return cnrtNotifierDestroy(event); }
cnrtRet_t cnrtPlaceEvent(cnrtEvent_t event, cnrtStream_t stream) {
  return cnrtPlaceNotifier(event, stream);
}
cnrtRet_t cnrtQueryEvent(cnrtEvent_t event) { return cnrtQueryNotifier(event); }
cnrtRet_t cnrtWaitEvent(cnrtEvent_t event) { return cnrtWaitNotifier(event); }
cnrtRet_t cnrtStreamWaitEvent(cnrtEvent_t event, cnrtStream_t stream, unsigned int flag) {
  return cnrtQueueWaitNotifier(event, stream, flag);
}
cnrtRet_t cnrtEventElapsedTime(cnrtEvent_t event_start, cnrtEvent_t event_end, float* ptv) {
  return cnrtNotifierDuration(event_start, event_end, ptv);
}
