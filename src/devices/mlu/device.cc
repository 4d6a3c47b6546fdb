// Walks the steps; halves between blocks, floats for everybody else.
#include "devices/mlu/device.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "base/checked.h"
#include "devices/cpu/block_places.h"
#include "devices/cpu/constants.h"
#include "devices/cpu/steps.h"
#include "devices/mlu/block.h"
#include "devices/mlu/reference.h"
#include "devices/mlu/steps.h"
#include "devices/mlu/watch.h"
#include "kernels/table.h"
#include "ops/parameters.h"
#include "ops/shape.h"

namespace picabia::mlu {
namespace {

constexpr int64_t kChunk = 64 << 10;  // elements that a thread takes at a time

// Constants with one element are immediates of the operators that read them, which compute in
// float; others are tensors, and so halves.
Result<Tensor> HalfConstant(const Tensor& tensor) {
  if (tensor.num_elements() == 1) return tensor;
  return RoundTensor(tensor);
}

}  // namespace

struct Device::Impl {
  Impl(const program::Program& p, const DeviceOptions& o, Isa isa)
      : program(p), options(o), kernels(kernels::KernelsFor(isa)), threads(o.threads) {}

  cpu::ConvContext Context() { return {kernels, threads, pool}; }
  Value& At(int32_t v) { return live[static_cast<size_t>(v)]; }

  Status Prepare();
  Status PrepareBlock(size_t i, const ops::ConvBlock& op, const program::Constant* filter);
  void FindReaders();
  Status Start(const std::vector<Tensor>& inputs);
  Result<Tensor> RoundInput(const Tensor& x);
  Status MakeFloats(Value& v);
  Result<Value> RunStepAt(size_t i, cpu::StepReport& report);
  Result<Value> RunBlock(size_t i, const ops::ConvBlock& op, cpu::StepReport& report);
  Result<Value> RunOther(size_t i, cpu::StepReport& report);
  Status WatchBlock(size_t i, const ops::ConvBlock& op);

  const program::Program& program;
  DeviceOptions options;
  const kernels::KernelTable& kernels;
  ThreadPool threads;
  cpu::BufferPool pool;
  std::vector<std::optional<Tensor>> constants;  // by value
  std::vector<std::unique_ptr<Block>> blocks;    // by step
  std::vector<size_t> last_use;                  // by value: the step that reads it last
  // By value: the integer blocks whose input it is, and whether anybody wants its numbers.
  std::vector<std::vector<Reader>> readers;
  std::vector<bool> wanted;
  std::vector<Value> live;  // by value
  std::vector<SaturatedMean> saturated;
};

Device::Device() = default;
Device::~Device() = default;

Result<std::unique_ptr<Device>> Device::Create(const program::Program& program,
                                               const DeviceOptions& options) {
  PICABIA_ASSIGN_OR_RETURN(const Isa isa, SelectIsa());
  std::unique_ptr<Device> device(new Device());
  device->impl_ = std::make_unique<Impl>(program, options, isa);
  PICABIA_RETURN_IF_ERROR(device->impl_->Prepare());
#if defined(__GLIBC__)
  if (options.trim)
    malloc_trim(0);  // what import, compiler and float weights held goes back before pictures come
#endif
  return device;
}

Isa Device::isa() const { return impl_->kernels.isa; }
int64_t Device::peak_bytes() const { return impl_->pool.peak_bytes(); }
const std::vector<SaturatedMean>& Device::saturated() const { return impl_->saturated; }

Status Device::Impl::Prepare() {
  const size_t values = program.values.size();
  std::vector<const program::Constant*> by_value(values, nullptr);
  for (const program::Constant& c : program.constants) by_value[static_cast<size_t>(c.value)] = &c;
  constants.resize(values);
  blocks.resize(program.steps.size());
  last_use.assign(values, 0);
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    for (const int32_t v : step.inputs) last_use[static_cast<size_t>(v)] = i;
    if (const auto* op = std::get_if<ops::ConvBlock>(&step.op))
      PICABIA_RETURN_IF_ERROR(PrepareBlock(i, *op, by_value[static_cast<size_t>(step.inputs[1])])
                                  .WithContext("node '" + step.name + "'"));
  }
  for (const program::Port& port : program.outputs)
    last_use[static_cast<size_t>(port.value)] = program.steps.size();
  for (const program::Constant& c : program.constants) {
    if (c.packing != program::Packing::kPlain) continue;
    const auto v = static_cast<size_t>(c.value);
    PICABIA_ASSIGN_OR_RETURN(const Tensor exact, cpu::UnpackConstant(c, program.values[v].dtype));
    PICABIA_ASSIGN_OR_RETURN(constants[v], HalfConstant(exact));
  }
  FindReaders();
  return OkStatus();
}

Status Device::Impl::PrepareBlock(size_t i, const ops::ConvBlock& op,
                                  const program::Constant* filter) {
  PICABIA_RETURN_IF_ERROR(cpu::CheckFilter(op, filter));
  if (options.reference) {
    const auto v = static_cast<size_t>(program.steps[i].inputs[1]);
    PICABIA_ASSIGN_OR_RETURN(const Tensor exact, cpu::UnpackFilter(op, *filter));
    PICABIA_ASSIGN_OR_RETURN(constants[v], RoundTensor(exact));
    return OkStatus();
  }
  PICABIA_ASSIGN_OR_RETURN(blocks[i], Block::Create(op, *filter, kernels));
  return OkStatus();
}

void Device::Impl::FindReaders() {
  readers.resize(program.values.size());
  wanted.assign(program.values.size(), false);
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      const auto v = static_cast<size_t>(step.inputs[k]);
      if (k == 0 && blocks[i] != nullptr && blocks[i]->integer()) {
        readers[v].push_back({i, blocks[i].get()});
      } else {
        wanted[v] = true;
      }
    }
  }
  for (const program::Port& port : program.outputs) wanted[static_cast<size_t>(port.value)] = true;
}

// Constants and inputs, and nothing else.
Status Device::Impl::Start(const std::vector<Tensor>& inputs) {
  live.assign(program.values.size(), {});
  saturated.clear();
  for (size_t v = 0; v < constants.size(); ++v)
    if (constants[v]) live[v] = Value::Of(*constants[v]);
  for (size_t i = 0; i < inputs.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(Tensor rounded, RoundInput(inputs[i]));
    At(program.inputs[i].value) = Value::Of(std::move(rounded));
  }
  return OkStatus();
}

Result<Tensor> Device::Impl::RoundInput(const Tensor& x) {
  if (x.dtype() != DType::kF32) return RoundTensor(x);
  PICABIA_ASSIGN_OR_RETURN(Tensor y, pool.AllocateTensor(DType::kF32, x.shape()));
  const int64_t n = x.num_elements();
  threads.For(CeilDiv(n, kChunk), [&](int64_t i, int) {
    const int64_t from = i * kChunk, count = std::min(kChunk, n - from);
    std::copy_n(x.data<float>() + from, count, y.MutableData<float>() + from);
    kernels.mlu.round(y.MutableData<float>() + from, count);
  });
  return y;
}

Status Device::Impl::MakeFloats(Value& v) {
  if (v.tensor.has_data() || !v.halves.has_data()) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(v.tensor, pool.AllocateTensor(DType::kF32, v.shape));
  const int64_t n = v.tensor.num_elements();
  threads.For(CeilDiv(n, kChunk), [&](int64_t i, int) {
    kernels.mlu.to_float(v.halves.data<uint16_t>() + i * kChunk, std::min(kChunk, n - i * kChunk),
                         v.tensor.MutableData<float>() + i * kChunk);
  });
  return OkStatus();
}

namespace {

// The residual as halves, wherever it comes from.
Result<Tensor> HalvesOf(const cpu::ConvContext& context, const Value& v) {
  if (v.halves.has_data()) return v.halves;
  PICABIA_ASSIGN_OR_RETURN(Tensor halves, context.pool.AllocateTensor(DType::kF16, v.shape));
  context.kernels.mlu.to_half(v.tensor.data<float>(), v.tensor.num_elements(),
                              halves.MutableData<uint16_t>());
  return halves;
}

}  // namespace

// The block's convolution alone once more, for a look at the sums of its norm.
Status Device::Impl::WatchBlock(size_t i, const ops::ConvBlock& op) {
  if (op.norm != ops::Norm::kInstance) return OkStatus();
  const program::Step& step = program.steps[i];
  ops::ConvBlock bare = op;
  bare.norm = ops::Norm::kNone;
  bare.activation = bare.activation2 = ops::Activation::kNone;
  bare.post_scale = 1;
  bare.post_shift = 0;
  bare.has_residual = false;
  const cpu::BlockPlaces at(op);
  for (const program::Constant& c : program.constants) {
    if (c.value != step.inputs[1]) continue;
    PICABIA_ASSIGN_OR_RETURN(const auto block, Block::Create(bare, c, kernels));
    BlockInputs in;
    if (at.bias != 0) in.bias = At(step.inputs[at.bias]).tensor.data<float>();
    PICABIA_ASSIGN_OR_RETURN(const Value y,
                             block->Run(Context(), i, At(step.inputs[0]), in, {}, true));
    WatchNorm(step.name, y.halves, saturated);
  }
  return OkStatus();
}

Result<Value> Device::Impl::RunBlock(size_t i, const ops::ConvBlock& op, cpu::StepReport& report) {
  const program::Step& step = program.steps[i];
  Block& block = *blocks[i];
  const cpu::BlockPlaces at(op);
  Value& x = At(step.inputs[0]);
  if (!block.integer()) PICABIA_RETURN_IF_ERROR(MakeFloats(x));
  const auto vector = [&](size_t k) -> const float* {
    return k == 0 ? nullptr : At(step.inputs[k]).tensor.data<float>();
  };
  for (const size_t k : {at.bias, at.norm_scale, at.norm_shift})
    if (k != 0) PICABIA_RETURN_IF_ERROR(MakeFloats(At(step.inputs[k])));
  BlockInputs in{vector(at.bias), vector(at.norm_scale), vector(at.norm_shift)};
  Tensor residual;
  if (at.residual != 0) {
    PICABIA_ASSIGN_OR_RETURN(residual, HalvesOf(Context(), At(step.inputs[at.residual])));
    in.residual = residual.data<uint16_t>();
  }
  report.kernel = block.kernel();
  report.macs = block.macs(x.shape);
  report.integer = block.integer();
  if (options.watch) PICABIA_RETURN_IF_ERROR(WatchBlock(i, op));
  const auto out = static_cast<size_t>(step.outputs[0]);
  return block.Run(Context(), i, x, in, readers[out], wanted[out]);
}

Result<Value> Device::Impl::RunOther(size_t i, cpu::StepReport& report) {
  const program::Step& step = program.steps[i];
  std::vector<Tensor> inputs;
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  for (const int32_t v : step.inputs) {
    PICABIA_RETURN_IF_ERROR(MakeFloats(At(v)));
    inputs.push_back(At(v).tensor);
    types.push_back({inputs.back().dtype(), inputs.back().shape()});
    values.push_back(&At(v).tensor);
  }
  PICABIA_ASSIGN_OR_RETURN(const auto out, ops::InferOutputs(step.op, types, values));
  report.macs = cpu::StepMacs(step.op, types, out[0].shape);
  if (options.reference) {
    report.kernel = "mlu-reference";
    PICABIA_ASSIGN_OR_RETURN(Tensor y, RunReference(step.op, inputs));
    return Value::Of(std::move(y));
  }
  PICABIA_ASSIGN_OR_RETURN(const ops::Op op, ops::Absorb(step.op, types, values));
  if (!std::holds_alternative<ops::Range>(op))
    inputs.resize(std::min(inputs.size(), ops::DataInputs(op)));
  if (options.watch) {
    if (const auto axes = MeanAxes(op, types[0].shape);
        !axes.empty() && types[0].dtype == DType::kF32)
      WatchMean(step.name, "mean", inputs[0], axes, saturated);
    if (std::holds_alternative<ops::InstanceNorm>(op) && types[0].dtype == DType::kF32) {
      PICABIA_ASSIGN_OR_RETURN(const Tensor halves, HalvesOf(Context(), At(step.inputs[0])));
      WatchNorm(step.name, halves, saturated);
    }
  }
  const char* kernel = "";
  PICABIA_ASSIGN_OR_RETURN(Tensor y, mlu::RunStep(Context(), op, out[0], inputs, &kernel));
  report.kernel = kernel;
  return Value::Of(std::move(y));
}

Result<Value> Device::Impl::RunStepAt(size_t i, cpu::StepReport& report) {
  const program::Step& step = program.steps[i];
  if (blocks[i] == nullptr) return RunOther(i, report);
  const auto& op = std::get<ops::ConvBlock>(step.op);
  // The same rules as for any step, without looking into its packed filter.
  std::vector<ops::TensorType> types;
  for (const int32_t v : step.inputs) types.push_back({At(v).dtype, At(v).shape});
  types[1] = blocks[i]->filter_type();
  PICABIA_RETURN_IF_ERROR(ops::InferOutputs(step.op, types).status());
  return RunBlock(i, op, report);
}

Result<std::vector<Tensor>> Device::Run(const std::vector<Tensor>& inputs,
                                        std::vector<cpu::StepReport>& reports) {
  using Clock = std::chrono::steady_clock;
  Impl& d = *impl_;
  const auto run = [&]() -> Result<std::vector<Tensor>> {
    PICABIA_RETURN_IF_ERROR(d.Start(inputs));
    reports.assign(d.program.steps.size(), {});
    for (size_t i = 0; i < d.program.steps.size(); ++i) {
      const program::Step& step = d.program.steps[i];
      const auto start = Clock::now();
      auto result = d.RunStepAt(i, reports[i]);
      if (!result.ok()) return result.status().WithContext("node '" + step.name + "'");
      d.At(step.outputs[0]) = *std::move(result);
      for (const int32_t v : step.inputs)
        if (d.last_use[static_cast<size_t>(v)] == i) d.At(v) = {};
      reports[i].ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
    std::vector<Tensor> outputs;
    for (const program::Port& port : d.program.outputs) {
      PICABIA_RETURN_IF_ERROR(d.MakeFloats(d.At(port.value)));
      outputs.push_back(d.At(port.value).tensor);
    }
    return outputs;
  };
  auto outputs = run();
  d.live.clear();
  return outputs;
}

std::string ArithmeticOf(const program::Program& program) {
  std::set<std::string> kinds;
  std::vector<DType> stored(program.values.size(), DType::kF32);
  for (const program::Constant& c : program.constants)
    stored[static_cast<size_t>(c.value)] = c.stored_dtype;
  for (const program::Step& step : program.steps) {
    const auto filter = [&] { return stored[static_cast<size_t>(step.inputs[1])]; };
    const auto* block = std::get_if<ops::ConvBlock>(&step.op);
    if ((block != nullptr && block->input_scale > 0) ||
        std::holds_alternative<ops::Int8Conv2D>(step.op) ||
        std::holds_alternative<ops::Int8ConvTranspose2D>(step.op)) {
      kinds.insert(filter() == DType::kI16 ? "int16" : "int8");
    } else if (std::holds_alternative<ops::QuantizedConv2D>(step.op)) {
      kinds.insert("int8");
    } else if (block != nullptr || std::holds_alternative<ops::Conv2D>(step.op) ||
               std::holds_alternative<ops::ConvTranspose2D>(step.op)) {
      kinds.insert("half");
    }
  }
  return kinds.empty() ? "none" : kinds.size() > 1 ? "mixed" : *kinds.begin();
}

}  // namespace picabia::mlu
