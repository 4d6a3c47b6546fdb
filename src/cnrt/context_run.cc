// Numbers that stand for float32 of the program are halves, floats or pixels in device memory, and
// NHWC where the program may have NCHW.
#include "cnrt/context_run.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "cnrt/model.h"
#include "devices/mlu/time_model.h"
#include "kernels/table.h"
#include "program/operators.h"
#include "runtime/dry_run.h"

namespace picabia::cnrt {
namespace {

using program::OfflinePort;

constexpr int kCores = 16;

// How the elements of an NHWC tensor stand in an NCHW one: calls body(place in NHWC, in NCHW).
template <typename Body>
void ForEachPlace(const Shape& nhwc, Body body) {
  const int64_t pixels = nhwc[1] * nhwc[2], channels = nhwc[3];
  for (int64_t n = 0; n < nhwc[0]; ++n)
    for (int64_t p = 0; p < pixels; ++p)
      for (int64_t c = 0; c < channels; ++c)
        body((n * pixels + p) * channels + c, (n * channels + c) * pixels + p);
}

template <typename T>
Result<Tensor> Reordered(const OfflinePort& port, const Tensor& from, bool to_nchw) {
  PICABIA_ASSIGN_OR_RETURN(
      Tensor to, Tensor::Create(from.dtype(), to_nchw ? port.program_shape() : port.shape));
  const T* source = from.data<T>();
  T* target = to.MutableData<T>();
  ForEachPlace(port.shape, [&](int64_t nhwc, int64_t nchw) {
    if (to_nchw) {
      target[nchw] = source[nhwc];
    } else {
      target[nhwc] = source[nchw];
    }
  });
  return to;
}

Result<Tensor> Reorder(const OfflinePort& port, const Tensor& tensor, bool to_nchw) {
  switch (DTypeSize(tensor.dtype())) {
    case 1:
      return Reordered<uint8_t>(port, tensor, to_nchw);
    case 2:
      return Reordered<uint16_t>(port, tensor, to_nchw);
    case 4:
      return Reordered<uint32_t>(port, tensor, to_nchw);
    default:
      return Reordered<uint64_t>(port, tensor, to_nchw);
  }
}

void PixelsToFloat(const OfflinePort& port, const uint8_t* pixels, float* out, int64_t n) {
  const size_t channels = std::max<size_t>(port.scale.size(), 1);
  for (int64_t i = 0; i < n; ++i) {
    const size_t c = static_cast<size_t>(i) % channels;
    const float value = pixels[i];
    out[i] = port.scale.empty() ? value : value * port.scale[c] + port.shift[c];
  }
}

Result<Tensor> TakeInput(const OfflinePort& port, DType wanted, const void* memory,
                         const kernels::KernelTable& kernels) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(wanted, port.shape));
  const int64_t n = tensor.num_elements();
  if (port.dtype == wanted) {
    if (n > 0) std::memcpy(tensor.MutableData<std::byte>(), memory, tensor.num_bytes());
  } else if (wanted == DType::kF32 && port.dtype == DType::kF16) {
    kernels.mlu.to_float(static_cast<const uint16_t*>(memory), n, tensor.MutableData<float>());
  } else if (wanted == DType::kF32 && port.dtype == DType::kU8) {
    PixelsToFloat(port, static_cast<const uint8_t*>(memory), tensor.MutableData<float>(), n);
  } else {
    return InvalidModel("input '" + port.name + "': " + DTypeName(port.dtype) + " cannot become " +
                        DTypeName(wanted));
  }
  return port.channels_first ? Reorder(port, tensor, true) : tensor;
}

Status PutOutput(const OfflinePort& port, Tensor tensor, void* memory,
                 const kernels::KernelTable& kernels) {
  if (tensor.shape() != port.program_shape())
    return InvalidModel("output '" + port.name + "': found shape " + ShapeString(tensor.shape()) +
                        ", expected " + ShapeString(port.program_shape()));
  if (port.channels_first) {
    PICABIA_ASSIGN_OR_RETURN(tensor, Reorder(port, tensor, false));
  }
  const int64_t n = tensor.num_elements();
  if (n == 0) return OkStatus();
  if (tensor.dtype() == port.dtype) {
    std::memcpy(memory, tensor.bytes(), tensor.num_bytes());
  } else if (tensor.dtype() == DType::kF32 && port.dtype == DType::kF16) {
    kernels.mlu.to_half(tensor.data<float>(), n, static_cast<uint16_t*>(memory));
  } else {
    return InvalidModel("output '" + port.name + "': " + DTypeName(tensor.dtype()) +
                        " cannot become " + DTypeName(port.dtype));
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<FunctionRun>> FunctionRun::Create(const program::OfflineFunction& function) {
  PICABIA_RETURN_IF_ERROR(program::CheckBound(*function.program));
  mlu::DeviceOptions options;
  options.trim = false;
  PICABIA_ASSIGN_OR_RETURN(auto device, mlu::Device::Create(*function.program, options));
  return std::unique_ptr<FunctionRun>(new FunctionRun(function, std::move(device)));
}

Status FunctionRun::RunOrSay(const std::vector<void*>& params) {
  const kernels::KernelTable& kernels = kernels::KernelsFor(device_->isa());
  const auto& program = *function_.program;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < function_.inputs.size(); ++i) {
    const auto v = static_cast<size_t>(program.inputs[i].value);
    PICABIA_ASSIGN_OR_RETURN(
        Tensor tensor, TakeInput(function_.inputs[i], program.values[v].dtype, params[i], kernels));
    inputs.push_back(std::move(tensor));
  }
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, device_->Run(inputs, reports_));
  for (size_t i = 0; i < outputs.size(); ++i)
    PICABIA_RETURN_IF_ERROR(PutOutput(function_.outputs[i], std::move(outputs[i]),
                                      params[function_.inputs.size() + i], kernels));
  return OkStatus();
}

// What the card would take, which is a model: this device has no hardware whose time could be read.
void FunctionRun::PrintHardwareTime() const {
  std::vector<Shape> shapes;
  for (const auto& port : function_.inputs) shapes.push_back(port.program_shape());
  const auto types = runtime::DryRun(*function_.program, shapes);
  if (!types.ok()) return;
  std::vector<int64_t> macs;
  for (const cpu::StepReport& report : reports_) macs.push_back(report.macs);
  double ms = 0;
  for (const mlu::ModelledStep& step : mlu::ModelTime(*function_.program, *types, macs, kCores))
    ms += step.ms();
  std::fprintf(stderr, "CNRT: %s: hardware time, modelled: %.1f us\n", function_.name.c_str(),
               1000 * ms);
}

cnrtRet_t FunctionRun::Run(const std::vector<void*>& params) {
  const Status status = RunOrSay(params);
  if (status.ok()) {
    if (IsSet("CNRT_GET_HARDWARE_TIME")) PrintHardwareTime();
    return CNRT_RET_SUCCESS;
  }
  PrintInfo("function '" + function_.name + "': " + status.message());
  return CNRT_RET_ERR_ONCHIP_CORE;
}

}  // namespace picabia::cnrt
