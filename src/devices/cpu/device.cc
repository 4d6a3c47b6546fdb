// Walks the steps, keeps each value until its last reader, and hands convolution blocks to their
// plans.
#include "devices/cpu/device.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "devices/cpu/block_places.h"
#include "devices/cpu/constants.h"
#include "devices/cpu/grouped_int8.h"
#include "devices/cpu/int8_conv.h"
#include "devices/cpu/plan_cache.h"
#include "devices/cpu/quantized_conv.h"
#include "devices/cpu/steps.h"
#include "kernels/reference/reference.h"
#include "ops/parameters.h"
#include "ops/repeat.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

// Which inputs of convolutions get 16 bits under kInt8. The layers next to the picture limit the
// quality and cost little (few channels): there instance norm amplifies what the rounding of smooth
// areas lost.
constexpr int64_t kWideInputChannels = 32;
constexpr int64_t kWideTransposedChannels = 64;

int ChooseBits(const ConvWeights& weights) {
  const bool upsamples = weights.out_stride[0] > 1;
  return weights.ci <= (upsamples ? kWideTransposedChannels : kWideInputChannels) ? 16 : 8;
}

// With `fast` only where it counts most and costs least: in a last layer of few outputs, of a large
// picture. The styles' at 2048x2048 have 31 dB without it and 37 with it, for 3 % of the time.
int ChooseBitsFast(const ConvWeights& weights, const Shape& x) {
  constexpr int64_t kLargePixels = 1024 * 1024;
  return weights.expanded && x[1] * x[2] >= kLargePixels ? ChooseBits(weights) : 8;
}

const char* KernelName(ConvMode mode) {
  switch (mode) {
    case ConvMode::kFloat:
      return "conv-f32";
    case ConvMode::kStatic:
      return "conv-int8-static";
    case ConvMode::kInteger:
      return "conv-int16";
  }
  return "";
}

}  // namespace

struct Device::Impl {
  Impl(const program::Program& p, const DeviceOptions& o, Isa isa)
      : program(p), options(o), kernels(kernels::KernelsFor(isa)), threads(o.threads) {}

  struct Block {
    std::shared_ptr<const ConvWeights> weights;  // null under `reference`
    ConvMode mode = ConvMode::kFloat;
    bool want_ranges = false;
    std::map<Shape, std::shared_ptr<const ConvPlan>> plans;  // by input shape
    // The int8 engine's; null where `weights` run.
    std::shared_ptr<const Int8Weights> int8;
    bool to_levels = false;
    int32_t only_reader = -1;  // the one block that reads the output, and nothing else does
    // For pictures that need 16-bit factors here; made when the first one comes.
    const program::Constant* filter = nullptr;
    std::shared_ptr<const ConvWeights> wide_weights;
    std::map<Shape, std::shared_ptr<const ConvPlan>> wide_plans;
    std::map<Shape, std::shared_ptr<const Int8Plan>> int8_plans;
  };

  Status Prepare();
  Status PrepareBlock(size_t step, const ops::ConvBlock& op,
                      const std::vector<const program::Constant*>& constants);
  void Start(const std::vector<Tensor>& inputs);
  Status RunSteps(std::vector<StepReport>& reports, bool& again);
  // What a step reads: tensors (empty where the filter is packed), their types, and the values that
  // parameters are read from.
  struct StepInputs {
    std::vector<Tensor> tensors;
    std::vector<ops::TensorType> types;
    std::vector<const Tensor*> values;
  };
  Result<StepInputs> InputsOf(size_t i);
  std::optional<Activation> LeaveToReaders(size_t i) const;
  Result<Activation> RunOther(size_t i, StepInputs& inputs, const ops::TensorType& out,
                              StepReport& report);
  Result<Activation> RunGrouped(size_t i, const ops::Conv2D& op, const StepInputs& inputs,
                                const Shape& out, StepReport& report);
  Result<Activation> RunStepAt(size_t i, StepReport& report);
  void PrepareInt8(size_t step, const ops::ConvBlock& op);
  Result<Activation> RunBlock(size_t i, const ops::ConvBlock& op, const Shape& out,
                              StepReport& report);
  Result<Activation> RunInt8Block(size_t i, const ops::ConvBlock& op, const Shape& out,
                                  StepReport& report);
  Int8Output OutputOf(size_t i, const Shape& out) const;
  // A Resize that repeats pixels and that only blocks read.
  bool IsUpsampling(size_t i) const;
  bool CanBeWide(size_t i) const;
  bool IsFirstLayer(size_t i) const;
  bool NeedsWide(size_t i) const;
  size_t WideUntil(size_t i) const;
  Result<Activation> RunPlan(const ConvPlan& plan, size_t i, const ops::ConvBlock& op,
                             bool want_ranges);
  // Makes the floats of a value of levels, for a reader at `step` that wants them (or
  // steps.size()).
  Status MakeFloat(int32_t value, size_t step);
  Result<Activation> RunQuantized(size_t i, const ops::QuantizedConv2D& op, const Shape& out,
                                  StepReport& report);
  const Activation& Input(const program::Step& step, size_t k) const {
    return live[static_cast<size_t>(step.inputs[k])];
  }

  const program::Program& program;
  DeviceOptions options;
  const kernels::KernelTable& kernels;
  ThreadPool threads;
  BufferPool pool;
  std::vector<std::optional<Tensor>> constants;     // by value
  std::map<int32_t, ops::TensorType> packed_types;  // logical types of packed filters, by value
  std::vector<Block> blocks;                        // by step
  std::map<size_t, std::shared_ptr<const QuantizedFilter>> quantized_filters;  // by step
  std::vector<int32_t> producer;             // by value: the step that makes it, or -1
  std::vector<size_t> last_use;              // by value: the step that reads it last
  std::vector<size_t> levels_until;          // by value: the int8 block that reads it last
  std::vector<int> uses;                     // by value: how often steps and outputs read it
  std::vector<std::vector<size_t>> readers;  // by value: the blocks whose input it is
  std::vector<Activation> live;              // by value
  // Blocks of the int8 engine before this step have 16-bit factors in this run.
  size_t wide_until = 0;
  size_t first_blocks_end = 0;  // the step behind the first blocks
  double pixels = 0;            // of the first input, if it is a picture
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
  malloc_trim(0);  // what import, compiler and float weights held goes back before pictures come
#endif
  return device;
}

Isa Device::isa() const { return impl_->kernels.isa; }
int64_t Device::peak_bytes() const { return impl_->pool.peak_bytes(); }

Status Device::Impl::Prepare() {
  constexpr int kFirstBlocks = 4;
  int int8_blocks = 0;
  std::vector<const program::Constant*> by_value(program.values.size(), nullptr);
  for (const program::Constant& c : program.constants) by_value[static_cast<size_t>(c.value)] = &c;
  constants.resize(program.values.size());
  blocks.resize(program.steps.size());
  last_use.assign(program.values.size(), 0);
  levels_until.assign(program.values.size(), 0);
  producer.assign(program.values.size(), -1);
  uses.assign(program.values.size(), 0);
  readers.resize(program.values.size());
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    for (const int32_t v : step.inputs) ++uses[static_cast<size_t>(v)];
    if (std::holds_alternative<ops::ConvBlock>(step.op))
      readers[static_cast<size_t>(step.inputs[0])].push_back(i);
  }
  for (const program::Port& port : program.outputs) ++uses[static_cast<size_t>(port.value)];
  for (size_t i = program.steps.size(); i-- > 0;) {
    if (!IsUpsampling(i)) continue;  // blocks read through it
    auto& through = readers[static_cast<size_t>(program.steps[i].inputs[0])];
    const auto& behind = readers[static_cast<size_t>(program.steps[i].outputs[0])];
    through.insert(through.end(), behind.begin(), behind.end());
  }
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    for (int32_t v : step.inputs) last_use[static_cast<size_t>(v)] = i;
    if (const auto* op = std::get_if<ops::ConvBlock>(&step.op))
      PICABIA_RETURN_IF_ERROR(
          PrepareBlock(i, *op, by_value).WithContext("node '" + step.name + "'"));
    producer[static_cast<size_t>(step.outputs[0])] = static_cast<int32_t>(i);
    if (blocks[i].int8 != nullptr) {
      for (const int32_t v : step.inputs) levels_until[static_cast<size_t>(v)] = i;
      if (++int8_blocks <= kFirstBlocks) first_blocks_end = i + 1;
    }
  }
  for (const program::Port& port : program.outputs)
    last_use[static_cast<size_t>(port.value)] = program.steps.size();
  for (const program::Constant& c : program.constants) {
    if (c.packing != program::Packing::kPlain) continue;
    const auto v = static_cast<size_t>(c.value);
    PICABIA_ASSIGN_OR_RETURN(constants[v], UnpackConstant(c, program.values[v].dtype));
  }
  return OkStatus();
}

bool Device::Impl::IsUpsampling(size_t i) const {
  const program::Step& step = program.steps[i];
  const auto* op = std::get_if<ops::Resize>(&step.op);
  const auto out = static_cast<size_t>(step.outputs[0]);
  return op != nullptr && step.inputs.size() == 1 && ops::RepeatFactor(*op) && uses[out] > 0 &&
         static_cast<size_t>(uses[out]) == readers[out].size();
}

Status Device::Impl::PrepareBlock(size_t i, const ops::ConvBlock& op,
                                  const std::vector<const program::Constant*>& by_value) {
  const program::Step& step = program.steps[i];
  const program::Constant* filter = by_value[static_cast<size_t>(step.inputs[1])];
  PICABIA_RETURN_IF_ERROR(CheckFilter(op, filter));
  Block& block = blocks[i];
  block.filter = filter;
  if (options.reference) {
    PICABIA_ASSIGN_OR_RETURN(constants[static_cast<size_t>(step.inputs[1])],
                             UnpackFilter(op, *filter));
    return OkStatus();
  }
  if (filter->stored_dtype == DType::kI16 || !op.filter_scales.empty())
    return Unsupported(
        "a convolution of 16 bits, or with a scale a channel, compiled for device mlu; compile the "
        "model for cpu");
  PICABIA_ASSIGN_OR_RETURN(block.weights, MakeConvWeights(op, *filter));
  if (op.input_scale > 0) {
    block.mode = ConvMode::kStatic;
    if (!FitsInt32(*block.weights, false))
      return Unsupported("a window of so many inputs overflows 32-bit sums");
  } else if (options.arithmetic != Arithmetic::kFp32 &&
             FitsInt32(*block.weights, options.arithmetic == Arithmetic::kInt16)) {
    block.mode = ConvMode::kInteger;
    if (options.arithmetic == Arithmetic::kInt8) PrepareInt8(i, op);
  }
  packed_types[step.inputs[1]] = {op.input_scale > 0 ? DType::kI8 : DType::kF32, filter->shape};
  // The producer of a block's input measures it while it writes.
  const int32_t from = producer[static_cast<size_t>(step.inputs[0])];
  if (from >= 0 && block.mode == ConvMode::kInteger)
    blocks[static_cast<size_t>(from)].want_ranges = true;
  return OkStatus();
}

// The weights of the int8 engine (in the place of the float ones), and whether the block hands
// levels to its readers: if it can, and has a reader that may take them. Residuals must be levels
// too.
void Device::Impl::PrepareInt8(size_t i, const ops::ConvBlock& op) {
  const program::Step& step = program.steps[i];
  Block& block = blocks[i];
  bool can = Int8Plan::CanMakeLevels(op, *block.weights);
  if (op.has_residual) {
    const int32_t from = producer[static_cast<size_t>(step.inputs[BlockPlaces(op).residual])];
    can = can && from >= 0 && blocks[static_cast<size_t>(from)].to_levels;
  }
  // Winograd costs 3 dB; and the tile unit multiplies faster than the vector unit transforms.
  const bool winograd = can && options.fast && kernels.isa != Isa::kAvx512Amx;
  block.int8 = std::make_shared<const Int8Weights>(MakeInt8Weights(op, *block.weights, winograd));
  block.weights = block.int8->conv;
  const auto& reading = readers[static_cast<size_t>(step.outputs[0])];
  block.to_levels = can && (block.int8->winograd || !reading.empty());
  if (uses[static_cast<size_t>(step.outputs[0])] == 1 && reading.size() == 1 &&
      program.steps[reading[0]].inputs[0] == step.outputs[0])
    block.only_reader = static_cast<int32_t>(reading[0]);
}

namespace {

// Whether a convolution leaves fewer elements than it reads.
bool Shrinks(const ConvWeights& w) {
  return w.co * w.out_stride[0] * w.out_stride[1] < w.ci * w.in_stride[0] * w.in_stride[1];
}

}  // namespace

// What a block of the int8 engine leaves. A large layer with one reader, which leaves less than it
// reads, is made twice rather than kept. (Between layers of one size that would save memory which
// the largest layers need anyway.)
Int8Output Device::Impl::OutputOf(size_t i, const Shape& out) const {
  constexpr int64_t kKeptLevels = int64_t{12} << 20;  // 512x512 at 32 channels and less is kept
  const Block& block = blocks[i];
  if (!block.to_levels) return Int8Output::kFloats;
  const bool large = out[0] == 1 && out[1] * out[2] * out[3] > kKeptLevels;
  if (!large || block.only_reader < 0 || block.int8->winograd ||
      std::get<ops::ConvBlock>(program.steps[i].op).has_residual)
    return Int8Output::kLevels;
  const auto& reading = blocks[static_cast<size_t>(block.only_reader)].int8;
  if (reading == nullptr) return Int8Output::kLevels;
  const Int8Weights& reader = *reading;
  const Activation& x = live[static_cast<size_t>(program.steps[i].inputs[0])];
  const bool twice = !reader.winograd && Shrinks(*reader.conv) && x.source == nullptr;
  if (!twice) return Int8Output::kLevels;
  return options.fast ? Int8Output::kSampledSource : Int8Output::kSource;
}

Status Device::Impl::MakeFloat(int32_t value, size_t step) {
  Activation& a = live[static_cast<size_t>(value)];
  if (a.levels.empty() || a.values) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(Tensor values, ValuesOf({kernels, threads, pool}, a));
  if (levels_until[static_cast<size_t>(value)] > step) {
    a.values = std::move(values);
  } else {
    a = Activation::Floats(std::move(values), {});
  }
  return OkStatus();
}

Result<Activation> Device::Impl::RunInt8Block(size_t i, const ops::ConvBlock& op, const Shape& out,
                                              StepReport& report) {
  const program::Step& step = program.steps[i];
  Block& block = blocks[i];
  const BlockPlaces at(op);
  if (op.has_residual) {
    Activation& residual = live[static_cast<size_t>(step.inputs[at.residual])];
    if (!block.to_levels) PICABIA_RETURN_IF_ERROR(MakeFloat(step.inputs[at.residual], i));
    if (block.to_levels && residual.levels.empty()) {
      Tensor values = residual.tensor;  // others may want them
      PICABIA_ASSIGN_OR_RETURN(residual, LevelsOf({kernels, threads, pool}, residual));
      residual.values = std::move(values);
    }
  }
  const auto data = [&](size_t k) {
    return k == 0 ? nullptr : Input(step, k).tensor.data<float>();
  };
  const Int8Inputs inputs{Input(step, 0), data(at.bias), data(at.norm_scale), data(at.norm_shift),
                          op.has_residual ? &Input(step, at.residual) : nullptr};
  const Shape x = inputs.x.shape();
  const auto plan = PlanFor(block.int8_plans, x, [&] {
    const ConvWeights& weights = *block.weights;
    const int bits = options.fast ? ChooseBitsFast(weights, x) : ChooseBits(weights);
    return std::make_shared<const Int8Plan>(op, block.int8, bits, x, out);
  });
  report.kernel = plan->kernel();
  report.macs = plan->macs();
  report.integer = true;
  return plan->Run({kernels, threads, pool}, inputs, OutputOf(i, out), block.want_ranges);
}

// The inputs in order, as values.
Result<Activation> Device::Impl::RunPlan(const ConvPlan& plan, size_t i, const ops::ConvBlock& op,
                                         bool want_ranges) {
  const program::Step& step = program.steps[i];
  for (const int32_t value : step.inputs) PICABIA_RETURN_IF_ERROR(MakeFloat(value, i));
  const BlockPlaces at(op);
  const auto data = [&](size_t k) {
    return k == 0 ? nullptr : Input(step, k).floats().data<float>();
  };
  const Activation& from = Input(step, 0);
  const Activation x = Activation::Floats(from.floats(), from.ranges);
  const ConvInputs inputs{x, data(at.bias), data(at.norm_scale), data(at.norm_shift),
                          data(at.residual)};
  return plan.Run({kernels, threads, pool}, inputs, want_ranges);
}

bool Device::Impl::CanBeWide(size_t i) const {
  const Block& block = blocks[i];
  return block.int8 != nullptr && FitsInt32(*block.weights, true);
}

// One of the layers at the begin, which are cheap.
bool Device::Impl::IsFirstLayer(size_t i) const {
  const Block& block = blocks[i];
  return i < first_blocks_end && CanBeWide(i) && block.to_levels && !block.int8->winograd &&
         block.weights->out_stride[0] == 1 &&
         !std::get<ops::ConvBlock>(program.steps[i].op).has_residual;
}

// How many blocks behind the first layers have 16-bit factors, too, for such a picture: on udnie a
// gradient at 512x512 has 29.8 dB with none, 38.4 with one, 42.5 with two, 48.2 with four.
constexpr size_t kWideAfter = 2;

// Whether a picture is so smooth that 8 bits lose too much of it in this block. Instance norm
// divides by a small deviation then, and what the first layers lose is lost for good; later ones
// are not asked. (Photos have 32 dB or more there at 512x512, and 28 at 2048x2048, where the same
// things are smoother; a plain gradient has 29 and 27.)
bool Device::Impl::NeedsWide(size_t i) const {
  constexpr double kLeast = 31, kPerOctave = 0.75, kPixels = 512 * 512;  // dB
  if (options.fast || i < wide_until || !IsFirstLayer(i)) return false;
  const Activation& y = live[static_cast<size_t>(program.steps[i].outputs[0])];
  const double least = kLeast - kPerOctave * std::max(std::log2(pixels / kPixels), 0.0);
  return std::any_of(y.levels.begin(), y.levels.end(), [&](const LevelScale& levels) {
    return levels.noise > 0 && -10 * std::log10(levels.noise) < least;
  });
}

// The step behind those that need 16-bit factors where block i does. (Steps of other kinds, such as
// those of a conditional norm, stand between the blocks.)
size_t Device::Impl::WideUntil(size_t i) const {
  const auto is_block = [this](size_t k) {
    return std::holds_alternative<ops::ConvBlock>(program.steps[k].op);
  };
  size_t end = i + 1;
  bool first = true;
  for (size_t after = 0; end < program.steps.size() && after < kWideAfter; ++end) {
    if (!is_block(end)) continue;
    first = first && IsFirstLayer(end);
    if (!first) ++after;
  }
  return end;
}

Result<Activation> Device::Impl::RunBlock(size_t i, const ops::ConvBlock& op, const Shape& out,
                                          StepReport& report) {
  const program::Step& step = program.steps[i];
  Block& block = blocks[i];
  const bool wide = i < wide_until && CanBeWide(i);
  if (block.int8 != nullptr && !wide) return RunInt8Block(i, op, out, report);
  if (wide && block.wide_weights == nullptr) {
    PICABIA_ASSIGN_OR_RETURN(block.wide_weights, MakeConvWeights(op, *block.filter));
  }
  const Shape x = Input(step, 0).shape();
  const auto plan = PlanFor(wide ? block.wide_plans : block.plans, x, [&] {
    return std::make_shared<const ConvPlan>(op, wide ? block.wide_weights : block.weights,
                                            block.mode, x, out);
  });
  report.kernel = KernelName(block.mode);
  report.macs = plan->macs();
  report.integer = block.mode != ConvMode::kFloat;
  return RunPlan(*plan, i, op, block.want_ranges);
}

Result<Activation> Device::Impl::RunQuantized(size_t i, const ops::QuantizedConv2D& op,
                                              const Shape& out, StepReport& report) {
  const program::Step& step = program.steps[i];
  const Tensor& filter = Input(step, 1).tensor;
  std::shared_ptr<const QuantizedFilter>& packed = quantized_filters[i];
  const bool is_constant = constants[static_cast<size_t>(step.inputs[1])].has_value();
  if (packed == nullptr || !is_constant) packed = MakeQuantizedFilter(op, filter);
  report.kernel = packed->depthwise ? "conv-q8-depthwise" : "conv-q8";
  report.integer = true;
  Activation y;
  PICABIA_ASSIGN_OR_RETURN(
      y.tensor, RunQuantizedConv({kernels, threads, pool}, op, *packed, Input(step, 0).tensor,
                                 Input(step, 2).tensor, Input(step, 3).tensor, out));
  return y;
}

// An upsampling of levels is left to its readers.
std::optional<Activation> Device::Impl::LeaveToReaders(size_t i) const {
  if (options.arithmetic != Arithmetic::kInt8 || !IsUpsampling(i)) return std::nullopt;
  const program::Step& step = program.steps[i];
  const Activation& x = Input(step, 0);
  if (x.levels.empty() || x.source != nullptr) return std::nullopt;
  Activation y = x;
  y.values.reset();
  y.repeat *= *ops::RepeatFactor(std::get<ops::Resize>(step.op));
  return y;
}

// A block reads levels as they are; everything else gets their floats, which are made here.
Result<Device::Impl::StepInputs> Device::Impl::InputsOf(size_t i) {
  const program::Step& step = program.steps[i];
  const bool is_block = std::holds_alternative<ops::ConvBlock>(step.op);
  StepInputs inputs;
  for (const int32_t value : step.inputs) {
    if (!is_block) PICABIA_RETURN_IF_ERROR(MakeFloat(value, i));
    if (const auto packed = packed_types.find(value); packed != packed_types.end()) {
      inputs.types.push_back(packed->second);
      inputs.tensors.emplace_back();
      inputs.values.push_back(nullptr);
      continue;
    }
    const Activation& x = live[static_cast<size_t>(value)];
    const bool levels = is_block && !x.levels.empty();  // they stand for floats
    inputs.tensors.push_back(levels ? x.tensor : x.floats());
    inputs.types.push_back({levels ? DType::kF32 : inputs.tensors.back().dtype(),
                            levels ? x.shape() : inputs.tensors.back().shape()});
    inputs.values.push_back(&x.tensor);
  }
  return inputs;
}

// Everything but blocks and convolutions in integers.
Result<Activation> Device::Impl::RunOther(size_t i, StepInputs& inputs, const ops::TensorType& out,
                                          StepReport& report) {
  const program::Step& step = program.steps[i];
  Activation result;
  if (options.reference) {
    report.kernel = "reference";
    PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> y, kernels::RunReference(step.op, inputs.tensors));
    result.tensor = std::move(y[0]);
    return result;
  }
  const char* kernel = "";
  PICABIA_ASSIGN_OR_RETURN(const ops::Op op, ops::Absorb(step.op, inputs.types, inputs.values));
  if (!std::holds_alternative<ops::Range>(op))
    inputs.tensors.resize(std::min(inputs.tensors.size(), ops::DataInputs(op)));
  PICABIA_ASSIGN_OR_RETURN(result.tensor,
                           RunStep({kernels, threads, pool}, op, out, inputs.tensors, &kernel));
  report.kernel = kernel;
  return result;
}

Result<Activation> Device::Impl::RunGrouped(size_t i, const ops::Conv2D& op,
                                            const StepInputs& inputs, const Shape& out,
                                            StepReport& report) {
  const bool wide = options.arithmetic == Arithmetic::kInt16;
  report.kernel = GroupedInt8Kernel(op, inputs.tensors[1].shape(), wide);
  report.integer = true;
  Activation result;
  PICABIA_ASSIGN_OR_RETURN(result.tensor,
                           RunGroupedInt8({kernels, threads, pool}, op, inputs.tensors,
                                          Input(program.steps[i], 0).ranges, wide, out));
  return result;
}

Result<Activation> Device::Impl::RunStepAt(size_t i, StepReport& report) {
  if (auto left = LeaveToReaders(i)) {
    report.kernel = "in the reader";
    return *std::move(left);
  }
  const program::Step& step = program.steps[i];
  PICABIA_ASSIGN_OR_RETURN(StepInputs inputs, InputsOf(i));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ops::TensorType> out,
                           ops::InferOutputs(step.op, inputs.types, inputs.values));
  const Shape& shape = out[0].shape;
  report.macs = StepMacs(step.op, inputs.types, shape);
  if (!options.reference) {
    if (const auto* op = std::get_if<ops::ConvBlock>(&step.op))
      return RunBlock(i, *op, shape, report);
    if (const auto* op = std::get_if<ops::QuantizedConv2D>(&step.op);
        op != nullptr && QuantizedConvFits(*op, inputs.tensors[1].shape(), shape))
      return RunQuantized(i, *op, shape, report);
    if (const auto* op = std::get_if<ops::Conv2D>(&step.op);
        op != nullptr && options.arithmetic != Arithmetic::kFp32 &&
        GroupedInt8Fits(*op, inputs.tensors[1].shape(), shape))
      return RunGrouped(i, *op, inputs, shape, report);
  }
  return RunOther(i, inputs, out[0], report);
}

// Constants and inputs, and nothing else.
void Device::Impl::Start(const std::vector<Tensor>& inputs) {
  live.assign(program.values.size(), {});
  for (size_t v = 0; v < constants.size(); ++v)
    if (constants[v]) live[v].tensor = *constants[v];
  for (size_t i = 0; i < inputs.size(); ++i)
    live[static_cast<size_t>(program.inputs[i].value)].tensor = inputs[i];
}

// `again`: a block has found that it and those before it need 16-bit factors; begin again.
Status Device::Impl::RunSteps(std::vector<StepReport>& reports, bool& again) {
  using Clock = std::chrono::steady_clock;
  again = false;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    const auto start = Clock::now();
    auto result = RunStepAt(i, reports[i]);
    if (!result.ok()) return result.status().WithContext("node '" + step.name + "'");
    live[static_cast<size_t>(step.outputs[0])] = *std::move(result);
    if (NeedsWide(i)) {
      wide_until = WideUntil(i);
      again = true;
      return OkStatus();
    }
    for (int32_t v : step.inputs)
      if (last_use[static_cast<size_t>(v)] == i) live[static_cast<size_t>(v)] = {};
    reports[i].ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }
  return OkStatus();
}

Result<std::vector<Tensor>> Device::Run(const std::vector<Tensor>& inputs,
                                        std::vector<StepReport>& reports) {
  Impl& d = *impl_;
  reports.assign(d.program.steps.size(), {});
  d.wide_until = 0;
  const Shape picture = inputs.empty() ? Shape() : inputs[0].shape();
  d.pixels = picture.size() == 4 ? static_cast<double>(inputs[0].num_elements()) /
                                       static_cast<double>(std::max<int64_t>(
                                           picture[0] * std::min(picture[1], picture[3]), 1))
                                 : 0;
  Status status;
  for (bool again = true; again && status.ok();) {
    d.Start(inputs);
    status = d.RunSteps(reports, again);
  }
  std::vector<Tensor> outputs;
  for (const program::Port& port : d.program.outputs)
    if (status.ok()) status = d.MakeFloat(port.value, d.program.steps.size());
  if (status.ok())
    for (const program::Port& port : d.program.outputs)
      outputs.push_back(d.live[static_cast<size_t>(port.value)].floats());
  d.live.clear();
  if (!status.ok()) return status;
  return outputs;
}

}  // namespace picabia::cpu
