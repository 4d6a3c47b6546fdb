// cnml.h: plug-in operators, which are a kernel, its parameters and the places of tensors among
// them.
#include <string>
#include <vector>

#include "cnrt/cnml.h"
#include "cnrt/handles.h"
#include "cnrt/launch.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

constexpr int kMaxDims = 8;

struct Tensor {
  std::vector<int> shape;
  cnmlDataType_t type = CNML_DATA_FLOAT16;
  void* constant = nullptr;
};

struct PluginOp {
  std::string name;
  const void* kernel = nullptr;
  cnrtKernelParamsBuffer_t params = nullptr;
  std::vector<std::shared_ptr<Tensor>> statics;
  int inputs = 0, outputs = 0;
  int cores = 1;
  ~PluginOp() { cnrtDestroyKernelParamsBuffer(params); }
};

using Tensors = HandleTable<cnmlTensor, Tensor, HandleKind::kTensor>;
using Ops = HandleTable<cnmlBaseOp, PluginOp, HandleKind::kPluginOp>;
Tensors& TheTensors() {
  static Tensors* tensors = new Tensors;  // never destroyed: see TheProcess of device.cc
  return *tensors;
}
Ops& TheOps() {
  static Ops* ops = new Ops;
  return *ops;
}

template <typename Body>
cnmlStatus_t Guarded(Body&& body) noexcept {
  try {
    return ForkedAway() ? CNML_STATUS_NODEVICE : body();
  } catch (const std::bad_alloc&) {
    return CNML_STATUS_BADALLOC;
  } catch (...) {
    return CNML_STATUS_INVALIDARG;
  }
}

bool KnownCores(int cores) {
  return cores == 1 || cores == 4 || cores == 8 || cores == 16 || cores == 32;
}

cnmlStatus_t SetShape(cnmlTensor_t handle, int rank, const int* dims) {
  const auto tensor = TheTensors().Get(handle);
  if (!tensor || rank < 1 || rank > kMaxDims || dims == nullptr) return CNML_STATUS_INVALIDARG;
  for (int i = 0; i < rank; ++i)
    if (dims[i] < 1) return CNML_STATUS_INVALIDARG;
  tensor->shape.assign(dims, dims + rank);
  return CNML_STATUS_SUCCESS;
}

cnmlStatus_t SetCores(cnmlBaseOp_t handle, int cores) {
  const auto op = TheOps().Get(handle);
  if (!op || !KnownCores(cores)) return CNML_STATUS_INVALIDARG;
  op->cores = cores;
  return CNML_STATUS_SUCCESS;
}

// One list of a call: null handles are allowed, wrong ones are not.
bool AllTensors(const cnmlTensor_t* list, int count, std::vector<std::shared_ptr<Tensor>>* found) {
  if (count < 0 || (count > 0 && list == nullptr)) return false;
  for (int i = 0; i < count; ++i) {
    auto tensor = list[i] == nullptr ? nullptr : TheTensors().Get(list[i]);
    if (list[i] != nullptr && !tensor) return false;
    if (found != nullptr) found->push_back(std::move(tensor));
  }
  return true;
}

int CountMarks(const std::vector<Mark>& marks, Mark kind) {
  int count = 0;
  for (const Mark mark : marks) count += mark == kind;
  return count;
}

cnmlStatus_t Create(cnmlBaseOp_t* handle, const char* name, const void* kernel,
                    cnrtKernelParamsBuffer_t params, int inputs, int outputs,
                    std::vector<std::shared_ptr<Tensor>> statics) {
  std::vector<Mark> marks;
  if (bang::FindKernel(kernel).kernel == nullptr || !ReadMarks(params, &marks))
    return CNML_STATUS_INVALIDARG;
  const bool fits = CountMarks(marks, Mark::kInput) == inputs &&
                    CountMarks(marks, Mark::kOutput) == outputs &&
                    CountMarks(marks, Mark::kStatic) == static_cast<int>(statics.size());
  if (!fits) return CNML_STATUS_INVALIDPARAM;
  auto op = std::make_shared<PluginOp>();
  op->name = name == nullptr ? "" : name;
  op->kernel = kernel;
  op->statics = std::move(statics);
  op->inputs = inputs;
  op->outputs = outputs;
  if (cnrtGetKernelParamsBuffer(&op->params) != CNRT_RET_SUCCESS) return CNML_STATUS_BADALLOC;
  if (cnrtCopyKernelParamsBuffer(op->params, params) != CNRT_RET_SUCCESS)
    return CNML_STATUS_INVALIDARG;
  *handle = TheOps().Add(std::move(op));
  return *handle == nullptr ? CNML_STATUS_BADALLOC : CNML_STATUS_SUCCESS;
}

cnmlStatus_t Compute(cnmlBaseOp_t handle, void* const* inputs, int input_num, void* const* outputs,
                     int output_num, cnrtQueue_t queue) {
  if (!Initialised()) return CNML_STATUS_NODEVICE;
  const auto op = TheOps().Get(handle);
  if (!op || input_num != op->inputs || output_num != op->outputs) return CNML_STATUS_INVALIDARG;
  if ((input_num > 0 && inputs == nullptr) || (output_num > 0 && outputs == nullptr))
    return CNML_STATUS_INVALIDARG;
  std::vector<Mark> marks;
  if (!ReadMarks(op->params, &marks)) return CNML_STATUS_INVALIDARG;
  std::vector<const void*> marked;
  int next_input = 0, next_output = 0;
  size_t next_static = 0;
  for (const Mark mark : marks) {
    if (mark == Mark::kInput) marked.push_back(inputs[next_input++]);
    if (mark == Mark::kOutput) marked.push_back(outputs[next_output++]);
    if (mark == Mark::kStatic) {
      const auto& tensor = op->statics[next_static++];
      if (!tensor || tensor->constant == nullptr) return CNML_STATUS_INVALIDPARAM;
      marked.push_back(tensor->constant);
    }
  }
  std::vector<bang::Argument> arguments;
  if (!ReadParams(op->params, marked, &arguments)) return CNML_STATUS_INVALIDARG;
  const cnrtRet_t launched =
      Launch(op->kernel, {static_cast<unsigned>(op->cores), 1, 1}, std::move(arguments),
             static_cast<cnrtFunctionType_t>(op->cores), queue);
  return launched == CNRT_RET_SUCCESS ? CNML_STATUS_SUCCESS : CNML_STATUS_INVALIDARG;
}

}  // namespace
}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnmlStatus_t cnmlInit(int flag) {
  return flag == 0 || flag == 1 ? CNML_STATUS_SUCCESS : CNML_STATUS_INVALIDARG;
}
cnmlStatus_t cnmlExit(void) { return CNML_STATUS_SUCCESS; }

cnmlStatus_t cnmlCreateTensor_V2(cnmlTensor_t* tensor, cnmlTensorType_t tensor_type) {
  return Guarded([&] {
    if (tensor == nullptr) return CNML_STATUS_INVALIDARG;
    *tensor = nullptr;
    if (tensor_type < CNML_TENSOR || tensor_type > CNML_CONST) return CNML_STATUS_INVALIDARG;
    *tensor = TheTensors().Add(std::make_shared<Tensor>());
    return *tensor == nullptr ? CNML_STATUS_BADALLOC : CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlDestroyTensor(cnmlTensor_t* tensor) {
  return Guarded([&] {
    if (tensor == nullptr || !TheTensors().Remove(*tensor)) return CNML_STATUS_INVALIDARG;
    *tensor = nullptr;
    return CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlSetTensorShape(cnmlTensor_t tensor, int dim_num, int dim_values[]) {
  return Guarded([&] { return SetShape(tensor, dim_num, dim_values); });
}

cnmlStatus_t cnmlSetTensorShape_V2(cnmlTensor_t tensor, int dim_num, int dim_values[],
                                   int* dim_strides) {
  return Guarded([&] {
    return dim_strides != nullptr ? CNML_STATUS_INVALIDARG : SetShape(tensor, dim_num, dim_values);
  });
}

cnmlStatus_t cnmlSetTensorDataType(cnmlTensor_t tensor, cnmlDataType_t data_type) {
  return Guarded([&] {
    const auto found = TheTensors().Get(tensor);
    if (!found) return CNML_STATUS_INVALIDARG;
    found->type = data_type;
    return CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlGetTensorLen(cnmlTensor_t tensor, int* len) {
  return Guarded([&] {
    const auto found = TheTensors().Get(tensor);
    if (!found || len == nullptr) return CNML_STATUS_INVALIDARG;
    *len = found->shape.empty() ? 0 : 1;
    for (const int d : found->shape)
      if (__builtin_mul_overflow(*len, d, len)) {
        *len = 0;
        return CNML_STATUS_OVERFLOWERR;
      }
    return CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlBindConstData_V2(cnmlTensor_t tensor, void* data, bool /*free_after*/) {
  return Guarded([&] {
    const auto found = TheTensors().Get(tensor);
    if (!found || data == nullptr) return CNML_STATUS_INVALIDARG;
    found->constant = data;
    return CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlCreatePluginOp(cnmlBaseOp_t* op, const char* name, void* kernel,
                                cnrtKernelParamsBuffer_t params, cnmlTensor_t* input_tensors,
                                int input_num, cnmlTensor_t* output_tensors, int output_num,
                                cnmlTensor_t* static_tensors, int static_num) {
  return Guarded([&] {
    if (op == nullptr) return CNML_STATUS_INVALIDARG;
    *op = nullptr;
    std::vector<std::shared_ptr<Tensor>> statics;
    const bool good = AllTensors(input_tensors, input_num, nullptr) &&
                      AllTensors(output_tensors, output_num, nullptr) &&
                      AllTensors(static_tensors, static_num, &statics);
    if (!good) return CNML_STATUS_INVALIDARG;
    return Create(op, name, kernel, params, input_num, output_num, std::move(statics));
  });
}

cnmlStatus_t cnmlDestroyBaseOp(cnmlBaseOp_t* op) {
  return Guarded([&] {
    if (op == nullptr || !TheOps().Remove(*op)) return CNML_STATUS_INVALIDARG;
    *op = nullptr;
    return CNML_STATUS_SUCCESS;
  });
}

cnmlStatus_t cnmlCompileBaseOp(cnmlBaseOp_t op, cnmlCoreVersion_t /*version*/, int core_limit) {
  return Guarded([&] { return SetCores(op, core_limit); });
}
cnmlStatus_t cnmlSetBaseOpCorenum(cnmlBaseOp_t op, int core_limit) {
  return Guarded([&] { return SetCores(op, core_limit); });
}
cnmlStatus_t cnmlCompileBaseOp_V2(cnmlBaseOp_t op) {
  return Guarded([&] { return TheOps().Get(op) ? CNML_STATUS_SUCCESS : CNML_STATUS_INVALIDARG; });
}
cnmlStatus_t cnmlSetBaseOpCoreVersion(cnmlBaseOp_t op, cnmlCoreVersion_t /*version*/) {
  return cnmlCompileBaseOp_V2(op);
}

cnmlStatus_t cnmlComputePluginOpForward_V3(cnmlBaseOp_t op, void* inputs[], int input_num,
                                           void* outputs[], int output_num,
                                           cnrtInvokeFuncParam_t* /*compute_forw_param*/,
                                           cnrtQueue_t queue) {
  return Guarded([&] { return Compute(op, inputs, input_num, outputs, output_num, queue); });
}

cnmlStatus_t cnmlComputePluginOpForward_V4(cnmlBaseOp_t op, cnmlTensor_t /*input_tensors*/[],
                                           void* inputs[], int input_num,
                                           cnmlTensor_t /*output_tensors*/[], void* outputs[],
                                           int output_num, cnrtQueue_t queue, void* /*extra*/) {
  return Guarded([&] { return Compute(op, inputs, input_num, outputs, output_num, queue); });
}
