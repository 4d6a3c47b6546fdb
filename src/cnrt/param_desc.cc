// Descriptors of tensors: what programs with variable shapes pass to cnrtInvokeRuntimeContext_V2.
// Here shapes are fixed, and a descriptor is what a client may set and ask.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "cnrt/arrays.h"
#include "cnrt/handles.h"
#include "cnrt/model.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

using program::OfflineFunction;
using program::OfflinePort;

constexpr int kMaxDims = 8;
constexpr int kMaxParams = 4096;

struct ParamDesc {
  std::mutex mutex;  // guards the rest
  std::string name;
  int id = 0;
  cnrtDataType_t type = CNRT_INVALID;
  cnrtDimOrder_t order = CNRT_NHWC;
  std::vector<int> shape;
};

using Descs = HandleTable<cnrtParamDesc, ParamDesc, HandleKind::kParamDesc>;
Descs& TheDescs() {
  static Descs* descs = new Descs;  // never destroyed: see TheProcess of device.cc
  return *descs;
}

template <typename Body>
cnrtRet_t WithDesc(cnrtParamDesc_t handle, Body&& body) {
  return Anytime([&] {
    const auto desc = TheDescs().Get(handle);
    if (!desc) return CNRT_RET_ERR_INVALID;
    const std::lock_guard lock(desc->mutex);
    return body(*desc);
  });
}

// Elements; -1 where a dimension is below 0 or the product too large.
int64_t Elements(const std::vector<int>& shape) {
  int64_t count = 1;
  for (const int d : shape)
    if (d < 0 || __builtin_mul_overflow(count, int64_t{d}, &count)) return -1;
  return count;
}

std::vector<int> ShapeOf(const OfflinePort& port) { return {port.shape.begin(), port.shape.end()}; }

// Whether a descriptor may stand for the port: unset, or with as many elements in whatever order.
bool Stands(cnrtParamDesc_t handle, const OfflinePort& port) {
  const auto desc = TheDescs().Get(handle);
  if (!desc) return false;
  const std::lock_guard lock(desc->mutex);
  return desc->shape.empty() || Elements(desc->shape) == Elements(ShapeOf(port));
}

void Fill(cnrtParamDesc_t handle, const OfflinePort& port, int id) {
  const auto desc = TheDescs().Get(handle);
  if (!desc) return;
  const std::lock_guard lock(desc->mutex);
  desc->name = port.name;
  desc->id = id;
  desc->type = TypeOf(port.dtype);
  desc->order = CNRT_NHWC;
  desc->shape = ShapeOf(port);
}

struct Found {
  const OfflinePort* port = nullptr;
  int index = -1;  // in the order of the parameters of a run: inputs, then outputs
};
Found FindPort(const OfflineFunction& function, const char* name) {
  int index = 0;
  for (const auto* ports : {&function.inputs, &function.outputs})
    for (const OfflinePort& port : *ports) {
      if (port.name == name) return {&port, index};
      ++index;
    }
  return {};
}

template <typename Body>
cnrtRet_t WithPort(cnrtFunction_t handle, const char* name, const void* out, Body&& body) {
  return Anytime([&] {
    const auto function = FindFunction(handle);
    if (!function || name == nullptr || out == nullptr) return CNRT_RET_ERR_INVALID;
    const auto filled = function->Get();
    if (!filled) return CNRT_RET_ERR_NO_EXIST;
    const Found found = FindPort(*filled, name);
    if (found.port == nullptr) return CNRT_RET_ERR_NO_EXIST;
    body(found);
    return CNRT_RET_SUCCESS;
  });
}

std::vector<cnrtParamDesc_t> Read(cnrtParamDescArray_t descs, int count) {
  std::vector<cnrtParamDesc_t> handles;
  for (void* desc : ReadArray(descs, static_cast<size_t>(count)))
    handles.push_back(static_cast<cnrtParamDesc_t>(desc));
  return handles;
}

// The place of a name in an array of descriptors, and the descriptor.
cnrtRet_t FindByName(cnrtParamDescArray_t descs, int count, const char* name, int* index,
                     cnrtParamDesc_t* found) {
  if (!IsAddress(descs) || count < 0 || name == nullptr) return CNRT_RET_ERR_INVALID;
  int i = 0;
  for (const cnrtParamDesc_t handle : Read(descs, count)) {
    const auto desc = TheDescs().Get(handle);
    if (!desc) return CNRT_RET_ERR_INVALID;
    const std::lock_guard lock(desc->mutex);
    if (desc->name == name) {
      *index = i;
      if (found != nullptr) *found = handle;
      return CNRT_RET_SUCCESS;
    }
    ++i;
  }
  return CNRT_RET_ERR_NO_EXIST;
}

}  // namespace
}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtCreateParamDesc(cnrtParamDesc_t* param_desc) {
  Clear(param_desc);
  return Anytime([&] {
    if (param_desc == nullptr) return CNRT_RET_ERR_INVALID;
    *param_desc = TheDescs().Add(std::make_shared<ParamDesc>());
    return *param_desc == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyParamDesc(cnrtParamDesc_t param_desc) {
  return Anytime(
      [&] { return TheDescs().Remove(param_desc) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID; });
}

cnrtRet_t cnrtCreateParamDescArray(cnrtParamDescArray_t* param_descs, int param_num) {
  Clear(param_descs);
  return Anytime([&] {
    if (param_descs == nullptr) return CNRT_RET_ERR_INVALID;
    if (param_num < 1 || param_num > kMaxParams) return CNRT_RET_ERR_INVALID;
    std::vector<void*> descs(static_cast<size_t>(param_num));
    for (void*& desc : descs) cnrtCreateParamDesc(reinterpret_cast<cnrtParamDesc_t*>(&desc));
    auto* made = reinterpret_cast<cnrtParamDescArray_t>(MakeArray(ArrayKind::kDescriptors, descs));
    if (made == nullptr) {
      for (void* desc : descs) cnrtDestroyParamDesc(static_cast<cnrtParamDesc_t>(desc));
      return CNRT_RET_ERR_NOMEM;
    }
    *param_descs = made;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyParamDescArray(cnrtParamDescArray_t param_descs, int param_num) {
  return Anytime([&] {
    if (param_num < 1 ||
        !IsLiveArray(ArrayKind::kDescriptors, param_descs, static_cast<size_t>(param_num)))
      return CNRT_RET_ERR_INVALID;
    const auto descs = Read(param_descs, param_num);
    if (!ReleaseArray(ArrayKind::kDescriptors, param_descs, descs.size()))
      return CNRT_RET_ERR_INVALID;
    for (const cnrtParamDesc_t desc : descs) TheDescs().Remove(desc);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetShapeToParamDesc(cnrtParamDesc_t param_desc, int* dims, int dim_num) {
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (dims == nullptr || dim_num < 1 || dim_num > kMaxDims) return CNRT_RET_ERR_INVALID;
    desc.shape.assign(dims, dims + dim_num);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetShapeFromParamDesc(cnrtParamDesc_t param_desc, int** dims, int* dim_num) {
  Clear(dims, dim_num);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (dims == nullptr || dim_num == nullptr) return CNRT_RET_ERR_INVALID;
    auto* made =
        static_cast<int*>(std::malloc(std::max<size_t>(desc.shape.size(), 1) * sizeof(int)));
    if (made == nullptr) return CNRT_RET_ERR_NOMEM;
    std::copy(desc.shape.begin(), desc.shape.end(), made);
    *dims = made;
    *dim_num = static_cast<int>(desc.shape.size());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetDataTypeToParamDesc(cnrtParamDesc_t param_desc, cnrtDataType_t dtype) {
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    desc.type = dtype;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDataTypeFromParamDesc(cnrtParamDesc_t param_desc, cnrtDataType_t* dtype) {
  Clear(dtype);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (dtype == nullptr) return CNRT_RET_ERR_INVALID;
    *dtype = desc.type;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDimOrderFromParamDesc(cnrtParamDesc_t param_desc, cnrtDimOrder_t* dim_order) {
  Clear(dim_order);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (dim_order == nullptr) return CNRT_RET_ERR_INVALID;
    *dim_order = desc.order;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetNameToParamDesc(cnrtParamDesc_t param_desc, char* name, int name_size) {
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (name == nullptr || name_size < 0) return CNRT_RET_ERR_INVALID;
    desc.name.assign(name, strnlen(name, static_cast<size_t>(name_size)));
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetNameFromParamDesc(cnrtParamDesc_t param_desc, char** name, int* name_size) {
  Clear(name, name_size);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (name == nullptr || name_size == nullptr) return CNRT_RET_ERR_INVALID;
    *name = strdup(desc.name.c_str());
    if (*name == nullptr) return CNRT_RET_ERR_NOMEM;
    *name_size = static_cast<int>(desc.name.size());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetIdFromParamDesc(cnrtParamDesc_t param_desc, int* id) {
  Clear(id);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (id == nullptr) return CNRT_RET_ERR_INVALID;
    *id = desc.id;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetParamElementNum(cnrtParamDesc_t param_desc, size_t* num) {
  Clear(num);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (num == nullptr) return CNRT_RET_ERR_INVALID;
    const int64_t count = Elements(desc.shape);
    *num = count < 0 ? 0 : static_cast<size_t>(count);
    return count < 0 ? CNRT_RET_ERR_INVALID : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetParamDescSize(cnrtParamDesc_t param_desc, int64_t* size) {
  Clear(size);
  return WithDesc(param_desc, [&](ParamDesc& desc) {
    if (size == nullptr) return CNRT_RET_ERR_INVALID;
    int64_t bytes = Elements(desc.shape);
    if (bytes < 0 || __builtin_mul_overflow(bytes, int64_t{cnrtDataTypeSize(desc.type)}, &bytes))
      return CNRT_RET_ERR_INVALID;
    *size = bytes;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetIndexFromParamDescArrayByName(int* index, cnrtParamDescArray_t param_descs,
                                               int param_num, const char* name) {
  Clear(index);
  return Anytime([&] {
    if (index == nullptr) return CNRT_RET_ERR_INVALID;
    return FindByName(param_descs, param_num, name, index, nullptr);
  });
}

cnrtRet_t cnrtGetParamDescFromParamDescArrayByName(cnrtParamDesc_t* param_desc,
                                                   cnrtParamDescArray_t param_descs, int param_num,
                                                   const char* name) {
  Clear(param_desc);
  return Anytime([&] {
    if (param_desc == nullptr) return CNRT_RET_ERR_INVALID;
    int index = 0;
    return FindByName(param_descs, param_num, name, &index, param_desc);
  });
}

cnrtRet_t cnrtInferFunctionOutputShape(cnrtFunction_t func, int input_num,
                                       cnrtParamDescArray_t input_params, int output_num,
                                       cnrtParamDescArray_t output_params) {
  return Anytime([&] {
    const auto function = FindFunction(func);
    const auto filled = function ? function->Get() : nullptr;
    if (!filled || !IsAddress(input_params) || !IsAddress(output_params) ||
        input_num != static_cast<int>(filled->inputs.size()) ||
        output_num != static_cast<int>(filled->outputs.size()))
      return CNRT_RET_ERR_INVALID;
    const auto inputs = Read(input_params, input_num), outputs = Read(output_params, output_num);
    for (const auto* handles : {&inputs, &outputs})
      for (const cnrtParamDesc_t handle : *handles)
        if (!TheDescs().Get(handle)) return CNRT_RET_ERR_INVALID;
    for (int i = 0; i < input_num; ++i)
      if (!Stands(inputs[static_cast<size_t>(i)], filled->inputs[static_cast<size_t>(i)]))
        return CNRT_RET_ERR_FUNC_CALL;
    for (int i = 0; i < input_num; ++i)
      Fill(inputs[static_cast<size_t>(i)], filled->inputs[static_cast<size_t>(i)], i);
    for (int i = 0; i < output_num; ++i)
      Fill(outputs[static_cast<size_t>(i)], filled->outputs[static_cast<size_t>(i)], input_num + i);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetParamIndexByName(cnrtFunction_t func, const char* name, int* index) {
  Clear(index);
  return WithPort(func, name, index, [&](const Found& found) { *index = found.index; });
}
cnrtRet_t cnrtGetSupportedParamDataTypeByName(cnrtFunction_t func, const char* name,
                                              cnrtDataType_t* dtype) {
  Clear(dtype);
  return WithPort(func, name, dtype,
                  [&](const Found& found) { *dtype = TypeOf(found.port->dtype); });
}
cnrtRet_t cnrtGetSupportedParamDimNumberByName(cnrtFunction_t func, const char* name,
                                               int* dim_num) {
  Clear(dim_num);
  return WithPort(func, name, dim_num, [&](const Found& found) {
    *dim_num = static_cast<int>(found.port->shape.size());
  });
}
cnrtRet_t cnrtGetSupportedParamLayoutByName(cnrtFunction_t func, const char* name,
                                            cnrtDimOrder_t* dorder) {
  Clear(dorder);
  return WithPort(func, name, dorder, [&](const Found&) { *dorder = CNRT_NHWC; });
}
cnrtRet_t cnrtGetSupportedParamShapeByName(cnrtFunction_t func, const char* name, int* dim_shape) {
  return WithPort(func, name, dim_shape, [&](const Found& found) {
    const std::vector<int> shape = ShapeOf(*found.port);
    std::copy(shape.begin(), shape.end(), dim_shape);
  });
}
