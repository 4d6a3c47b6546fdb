// Products by rows, the tail behind them, and the next convolution's input while a row is in the
// cache.
#include "devices/mlu/block.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "devices/cpu/plan_cache.h"
#include "devices/mlu/tail.h"
#include "kernels/mlu/numerics.h"
#include "ops/shape.h"

namespace picabia::mlu {
namespace {

constexpr int64_t kRows = 4;  // that a thread takes at a time

ops::ConvBlock Bare(const ops::ConvBlock& op, bool with_bias) {
  ops::ConvBlock bare = op;
  bare.has_bias = op.has_bias && with_bias;
  bare.norm = ops::Norm::kNone;
  bare.activation = bare.activation2 = ops::Activation::kNone;
  bare.post_scale = 1;
  bare.post_shift = 0;
  bare.has_residual = false;
  return bare;
}

Result<std::shared_ptr<const cpu::ConvWeights>> HalfWeights(const ops::ConvBlock& op,
                                                            const program::Constant& filter,
                                                            const kernels::KernelTable& kernels) {
  PICABIA_ASSIGN_OR_RETURN(const auto exact, cpu::MakeConvWeights(op, filter));
  auto weights = std::make_shared<cpu::ConvWeights>(*exact);
  for (cpu::ConvPhase& phase : weights->phases)
    kernels.mlu.round(phase.panels.data(), static_cast<int64_t>(phase.panels.size()));
  return std::shared_ptr<const cpu::ConvWeights>(std::move(weights));
}

// Calls f(row, slot) for all rows.
template <typename F>
void ForRows(ThreadPool& threads, int64_t rows, F f) {
  threads.For(CeilDiv(rows, kRows), [&](int64_t part, int slot) {
    for (int64_t y = part * kRows; y < std::min(rows, (part + 1) * kRows); ++y) f(y, slot);
  });
}

// Memory of each thread.
class SlotMemory {
 public:
  Status Allocate(const cpu::ConvContext& context, int64_t bytes) {
    for (int i = 0; i < context.threads.threads(); ++i) {
      memory_.push_back(context.pool.Allocate(static_cast<size_t>(bytes) + 64));
      if (memory_.back() == nullptr) return ResourceError("no memory for the rows of a picture");
    }
    return OkStatus();
  }
  template <typename T>
  T* Of(int slot) const {
    return reinterpret_cast<T*>(memory_[static_cast<size_t>(slot)].get());
  }

 private:
  std::vector<std::shared_ptr<std::byte>> memory_;
};

}  // namespace

// One picture of the batch at work.
struct Block::Picture {
  explicit Picture(Tail t) : tail(std::move(t)) {}
  Tail tail;
  uint16_t* y = nullptr;
  const uint16_t* residual = nullptr;
  int64_t height = 0;
  SlotMemory floats, bytes;
  // Who reads it, and where to.
  std::vector<std::pair<std::shared_ptr<const IntegerPlan>, Planes>> out;
};

Result<std::unique_ptr<Block>> Block::Create(const ops::ConvBlock& op,
                                             const program::Constant& filter,
                                             const kernels::KernelTable& kernels) {
  auto block = std::make_unique<Block>();
  block->op_ = op;
  block->filter_shape_ = filter.shape;
  if (op.input_scale > 0) {
    block->filter_dtype_ = filter.stored_dtype;
    PICABIA_ASSIGN_OR_RETURN(block->integer_, MakeIntegerFilter(op, filter, kernels));
  } else {
    PICABIA_ASSIGN_OR_RETURN(block->float_, HalfWeights(op, filter, kernels));
  }
  return block;
}

Result<Shape> Block::OutputShape(const Shape& x) const {
  const ops::TensorType types[] = {{DType::kF32, x}, {filter_dtype_, filter_shape_}};
  PICABIA_ASSIGN_OR_RETURN(const auto out, ops::InferOutputs(Bare(op_, false), types));
  return out[0].shape;
}

Result<std::shared_ptr<const IntegerPlan>> Block::PlanFor(const Shape& x) {
  PICABIA_ASSIGN_OR_RETURN(const Shape y, OutputShape(x));
  return cpu::PlanFor(integer_plans_, x, [&] {
    return std::make_shared<const IntegerPlan>(Bare(op_, false), integer_, x, y);
  });
}

const char* Block::kernel() const {
  if (!integer()) return "mlu-conv-half";
  return wide() ? "mlu-conv-int16" : "mlu-conv-int8";
}

Result<std::vector<Planes>> Block::Quantize(const cpu::ConvContext& context, Block& block,
                                            const Value& x) {
  PICABIA_ASSIGN_OR_RETURN(const auto plan, block.PlanFor(x.shape));
  const int64_t height = x.shape[1], row = x.shape[2] * x.shape[3];
  SlotMemory bytes, halves;
  PICABIA_RETURN_IF_ERROR(bytes.Allocate(context, plan->fill_bytes()));
  if (!x.halves.has_data()) PICABIA_RETURN_IF_ERROR(halves.Allocate(context, row * 2));
  std::vector<Planes> all;
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    PICABIA_ASSIGN_OR_RETURN(const Planes planes, plan->AllocatePlanes(context.pool));
    ForRows(context.threads, height, [&](int64_t y, int slot) {
      const int64_t at = (n * height + y) * row;
      const uint16_t* from = x.halves.has_data() ? x.halves.data<uint16_t>() + at : nullptr;
      if (from == nullptr) {
        context.kernels.mlu.to_half(x.tensor.data<float>() + at, row, halves.Of<uint16_t>(slot));
        from = halves.Of<uint16_t>(slot);
      }
      plan->FillRow(context.kernels, from, y, planes, bytes.Of<uint8_t>(slot));
    });
    plan->FillBorder(planes);
    all.push_back(planes);
  }
  return all;
}

Result<Tensor> Block::FloatConvolution(const cpu::ConvContext& context, const Value& x,
                                       const BlockInputs& inputs) {
  PICABIA_ASSIGN_OR_RETURN(const Shape y, OutputShape(x.shape));
  const auto plan = cpu::PlanFor(float_plans_, x.shape, [&] {
    return std::make_shared<const cpu::ConvPlan>(Bare(op_, true), float_, cpu::ConvMode::kFloat,
                                                 x.shape, y);
  });
  const cpu::Activation from = cpu::Activation::Floats(x.tensor, {});
  PICABIA_ASSIGN_OR_RETURN(const cpu::Activation out,
                           plan->Run(context, {.x = from, .bias = inputs.bias}, false));
  return out.tensor;
}

void Block::Finish(const cpu::ConvContext& context, Picture& p) const {
  p.tail.Reduce(p.y);
  const int64_t row = p.tail.row();
  ForRows(context.threads, p.height, [&](int64_t y, int slot) {
    uint16_t* values = p.y + y * row;
    p.tail.FinishRow(values, p.residual == nullptr ? nullptr : p.residual + y * row,
                     p.floats.Of<float>(slot));
    for (const auto& [plan, planes] : p.out)
      plan->FillRow(context.kernels, values, y, planes, p.bytes.Of<uint8_t>(slot));
  });
  for (const auto& [plan, planes] : p.out) plan->FillBorder(planes);
}

Result<Value> Block::Run(const cpu::ConvContext& context, size_t step, const Value& x,
                         const BlockInputs& inputs, const std::vector<Reader>& readers, bool keep) {
  Value out;
  PICABIA_ASSIGN_OR_RETURN(out.shape, OutputShape(x.shape));
  const int64_t height = out.shape[1], width = out.shape[2], channels = out.shape[3];
  PICABIA_ASSIGN_OR_RETURN(out.halves, context.pool.AllocateTensor(DType::kF16, out.shape));
  if (out.halves.num_elements() == 0) return out;
  std::vector<std::shared_ptr<const IntegerPlan>> plans;
  int64_t bytes = 0;
  for (const Reader& reader : readers) {
    PICABIA_ASSIGN_OR_RETURN(plans.emplace_back(), reader.block->PlanFor(out.shape));
    bytes = std::max(bytes, plans.back()->fill_bytes());
  }
  std::shared_ptr<const IntegerPlan> plan;
  std::vector<IntegerPlan::Scratch> scratch(static_cast<size_t>(context.threads.threads()));
  std::vector<Planes> planes;
  Tensor floats;
  if (integer()) {
    PICABIA_ASSIGN_OR_RETURN(plan, PlanFor(x.shape));
    for (auto& s : scratch) {
      PICABIA_ASSIGN_OR_RETURN(s, plan->AllocateScratch(context.pool));
    }
    if (const auto it = x.planes.find(step); it != x.planes.end()) {
      planes = it->second;
    } else {
      PICABIA_ASSIGN_OR_RETURN(planes, Quantize(context, *this, x));
    }
  } else {
    PICABIA_ASSIGN_OR_RETURN(floats, FloatConvolution(context, x, inputs));
  }
  for (int64_t n = 0; n < out.shape[0]; ++n) {
    Picture p(Tail(context.kernels, context.threads, op_, height, width, channels,
                   integer() ? inputs.bias : nullptr, inputs.norm_scale, inputs.norm_shift));
    const int64_t row = p.tail.row(), size = height * row;
    PICABIA_RETURN_IF_ERROR(p.floats.Allocate(context, p.tail.scratch_floats() * 4));
    PICABIA_RETURN_IF_ERROR(p.bytes.Allocate(context, bytes));
    p.y = out.halves.MutableData<uint16_t>() + n * size;
    p.height = height;
    if (inputs.residual != nullptr) p.residual = inputs.residual + n * size;
    for (size_t i = 0; i < plans.size(); ++i) {
      PICABIA_ASSIGN_OR_RETURN(const Planes to, plans[i]->AllocatePlanes(context.pool));
      p.out.emplace_back(plans[i], to);
      out.planes[readers[i].step].push_back(to);
    }
    if (integer()) {
      ForRows(context.threads, plan->cell_rows(), [&](int64_t cell, int slot) {
        plan->Row(context.kernels, planes[static_cast<size_t>(n)], cell,
                  scratch[static_cast<size_t>(slot)], p.y);
        const int64_t rows = plan->rows_of_cell();
        for (int64_t y = cell * rows; y < std::min(height, (cell + 1) * rows); ++y)
          p.tail.AddRow(y, p.y + y * row, p.floats.Of<float>(slot));
      });
    } else {
      ForRows(context.threads, height, [&](int64_t y, int slot) {
        context.kernels.mlu.to_half(floats.data<float>() + n * size + y * row, row, p.y + y * row);
        p.tail.AddRow(y, p.y + y * row, p.floats.Of<float>(slot));
      });
    }
    Finish(context, p);
  }
  if (!keep) out.halves = Tensor();
  return out;
}

int64_t Block::macs(const Shape& x) {
  const auto y = OutputShape(x);
  if (!y.ok()) return 0;
  const Shape& pixels = op_.transposed ? x : *y;
  return pixels[0] * pixels[1] * pixels[2] * filter_shape_[0] * filter_shape_[1] *
         filter_shape_[2] * filter_shape_[3];
}

}  // namespace picabia::mlu
