// A convolution block on device mlu: its weights, bound to the sizes seen last, and its run.
// Integer convolutions take their input as bytes that its producer has made where it could.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "devices/cpu/conv.h"
#include "devices/mlu/convolution.h"
#include "devices/mlu/value.h"
#include "ops/ops.h"
#include "ops/shape.h"
#include "program/program.h"

namespace picabia::mlu {

struct BlockInputs {
  // Null where the block has none; vectors of floats.
  const float *bias = nullptr, *norm_scale = nullptr, *norm_shift = nullptr;
  const uint16_t* residual = nullptr;
};

class Block;

// A block that reads the output of another.
struct Reader {
  size_t step = 0;
  Block* block = nullptr;
};

class Block {
 public:
  // `filter`: the packed constant; the program outlives the block.
  static Result<std::unique_ptr<Block>> Create(const ops::ConvBlock& op,
                                               const program::Constant& filter,
                                               const kernels::KernelTable& kernels);

  bool integer() const { return integer_ != nullptr; }
  bool wide() const { return integer() && integer_->wide; }
  ops::TensorType filter_type() const { return {filter_dtype_, filter_shape_}; }

  // The plan of an integer convolution for an input of this shape.
  Result<std::shared_ptr<const IntegerPlan>> PlanFor(const Shape& x);

  // Runs step `step` on `x`, whose planes for it, floats or halves are there. The output has halves
  // where `keep` says so, and planes for each of `readers`.
  Result<Value> Run(const cpu::ConvContext& context, size_t step, const Value& x,
                    const BlockInputs& inputs, const std::vector<Reader>& readers, bool keep);

  // `x` as the planes that block `block` (step `step`) reads.
  static Result<std::vector<Planes>> Quantize(const cpu::ConvContext& context, Block& block,
                                              const Value& x);

  int64_t macs(const Shape& x);
  const char* kernel() const;

 private:
  Result<Shape> OutputShape(const Shape& x) const;
  Result<Tensor> FloatConvolution(const cpu::ConvContext& context, const Value& x,
                                  const BlockInputs& inputs);
  struct Picture;
  void Finish(const cpu::ConvContext& context, Picture& p) const;

  ops::ConvBlock op_;
  Shape filter_shape_;
  DType filter_dtype_ = DType::kF32;
  std::shared_ptr<const IntegerFilter> integer_;   // or
  std::shared_ptr<const cpu::ConvWeights> float_;  // halves as floats
  std::map<Shape, std::shared_ptr<const IntegerPlan>> integer_plans_;
  std::map<Shape, std::shared_ptr<const cpu::ConvPlan>> float_plans_;
};

}  // namespace picabia::mlu
