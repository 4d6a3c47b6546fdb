// The scalar reference of every operator: the specification that fast kernels are tested against,
// the interpreter of graphs that no pass has touched, and what folds constants. Plain loops, double
// accumulation; shares no code with the fast path.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::kernels {

// Runs one operator. The inputs are checked against its shape rule first; the outputs own their
// memory. The error says which input breaks which rule; the caller adds the node's name.
Result<std::vector<Tensor>> RunReference(const ops::Op& op, const std::vector<Tensor>& inputs);

// One function an operator; inputs and output are already checked and allocated.
namespace reference {

void Conv2D(const ops::Window& window, int64_t groups, const Tensor& x, const Tensor& filter,
            const Tensor* bias, Tensor& y);
void ConvTranspose2D(const ops::ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                     const Tensor* bias, Tensor& y);
void Int8Conv2D(const ops::Int8Conv2D& op, const Tensor& x, const Tensor& filter, Tensor& y);
void Int8ConvTranspose2D(const ops::Int8ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                         Tensor& y);
void InstanceNorm(float epsilon, const Tensor& x, const Tensor& scale, const Tensor& shift,
                  Tensor& y);
void BatchNorm(float epsilon, const std::vector<Tensor>& inputs, Tensor& y);
void Unary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y);
void Clip(float low, float high, const Tensor& x, Tensor& y);
// Float and double, and the integer types for all kinds but Pow.
Status Binary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y);
void PowerDifference(const Tensor& x, const Tensor& y, float power, Tensor& z);
Status Reduce(const ops::Reduce& op, const Tensor& x, Tensor& y);
void Pad(const ops::Pad& op, const Tensor& x, Tensor& y);
void ResizeNearest(const ops::ResizeNearest& op, const Tensor& x, Tensor& y);
void Transpose(const ops::Transpose& op, const Tensor& x, Tensor& y);
Result<Tensor> ConvBlock(const ops::ConvBlock& op, const std::vector<Tensor>& inputs);

}  // namespace reference
}  // namespace picabia::kernels
