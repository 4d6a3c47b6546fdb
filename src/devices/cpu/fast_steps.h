// Fast paths of steps that are not convolution blocks, by kind. Each returns nothing where only the
// scalar reference will do. `output` is what the shape rule says; parameters are absorbed.
#pragma once

#include <optional>
#include <vector>

#include "devices/cpu/conv.h"
#include "ops/shape.h"

namespace picabia::cpu {

struct StepInputs {
  const ConvContext& context;
  const ops::TensorType& output;
  const std::vector<Tensor>& in;

  // A tensor of the output's type with undefined contents.
  Result<Tensor> Allocate() const {
    return context.pool.AllocateTensor(output.dtype, output.shape);
  }
};

using FastResult = Result<std::optional<Tensor>>;

FastResult TryElementwise(const StepInputs& s, const ops::Op& op);  // elementwise_steps.cc
FastResult TryPower(const StepInputs& s, const ops::Op& op);        // power_steps.cc
FastResult TryLayout(const StepInputs& s, const ops::Op& op);       // layout_steps.cc
FastResult TryJoin(const StepInputs& s, const ops::Op& op);         // join_steps.cc
FastResult TryWindow(const StepInputs& s, const ops::Op& op);       // window_steps.cc
FastResult TryProduct(const StepInputs& s, const ops::Op& op);      // product_steps.cc
FastResult TryQuantized(const StepInputs& s, const ops::Op& op);    // quantized_steps.cc

// How an operand of an elementwise operator meets the output: element for element, one number, or a
// run that repeats.
enum class Operand { kFull, kNumber, kPeriodic, kOther };
Operand OperandOf(const Tensor& t, const Shape& y);

// Calls f(first, count) for parts of [0, total), in parallel.
template <typename F>
void InChunks(const ConvContext& context, int64_t total, F f) {
  constexpr int64_t kChunk = 64 << 10;  // elements that a thread takes at a time
  context.threads.For((total + kChunk - 1) / kChunk,
                      [&](int64_t i, int) { f(i * kChunk, std::min(total - i * kChunk, kChunk)); });
}

}  // namespace picabia::cpu
