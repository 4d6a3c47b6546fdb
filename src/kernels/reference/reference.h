// The scalar reference of every operator: the specification that fast kernels are tested against,
// the interpreter of graphs that no pass has touched, and what folds constants. Plain loops, double
// accumulation; shares no code with the fast path but the tables of Resize
// (kernels/resize_table.h).
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::kernels {

// Runs one operator. The inputs, parameters (ops/parameters.h) among them, are checked against its
// rules first; the outputs own their memory or share that of an input. The error says which input
// breaks which rule; the caller adds the node's name.
Result<std::vector<Tensor>> RunReference(const ops::Op& op, const std::vector<Tensor>& inputs);

// One function an operator; inputs and output are already checked and allocated (zeroed), and
// parameters are attributes. Those that return a Status meet rules that only the contents can break
// (an index, a divisor), or element types that they do not compute in.
namespace reference {

void Conv2D(const ops::Window& window, int64_t groups, const Tensor& x, const Tensor& filter,
            const Tensor* bias, Tensor& y);
void ConvTranspose2D(const ops::ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                     const Tensor* bias, Tensor& y);
void Int8Conv2D(const ops::Int8Conv2D& op, const Tensor& x, const Tensor& filter, Tensor& y);
void Int8ConvTranspose2D(const ops::Int8ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                         Tensor& y);
void QuantizedConv2D(const ops::QuantizedConv2D& op, std::span<const Tensor> inputs, Tensor& y);
Status QuantizedBinary(const ops::QuantizedBinary& op, const Tensor& a, const Tensor& b, Tensor& y);
void Lookup(const Tensor& x, const Tensor& table, Tensor& y);
void InstanceNorm(float epsilon, const Tensor& x, const Tensor& scale, const Tensor& shift,
                  Tensor& y);
void BatchNorm(float epsilon, std::span<const Tensor> inputs, Tensor& y);

// float16 computes in float32, here and wherever nothing else is said.
Status Unary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y);
void Clip(float low, float high, const Tensor& x, Tensor& y);
// An integer power with a negative exponent drops what is behind the point; of 0 it is a division
// by zero.
Status Binary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y);
void PowerDifference(const Tensor& x, const Tensor& y, float power, Tensor& z);
void Where(const Tensor& condition, const Tensor& x, const Tensor& y, Tensor& z);
void Cast(const Tensor& x, Tensor& y);
Status QuantizeLinear(int64_t axis, const Tensor& x, const Tensor& scale, const Tensor* zero,
                      Tensor& y);
Status DequantizeLinear(int64_t axis, const Tensor& x, const Tensor& scale, const Tensor* zero,
                        Tensor& y);

Status Reduce(const ops::Reduce& op, const Tensor& x, Tensor& y);
// NaN counts as the greatest, and as the least, element.
void ArgReduce(const ops::ArgReduce& op, const Tensor& x, Tensor& y);
void CumSum(const ops::CumSum& op, const Tensor& x, Tensor& y);
Status Softmax(const ops::Softmax& op, const Tensor& x, Tensor& y);
Status Normalize(const ops::Normalize& op, const Tensor& x, Tensor& y);
Status MatMul(const ops::MatMul& op, const Tensor& a, const Tensor& b, Tensor& y);
Status Pool2D(const ops::Pool2D& op, const Tensor& x, Tensor& y);

// Interpolates in double; integers are rounded, halves to even.
Status Resize(const ops::Resize& op, const Tensor& x, Tensor& y);
void Pad(const ops::Pad& op, const Tensor& x, Tensor& y);
void Transpose(const ops::Transpose& op, const Tensor& x, Tensor& y);
void Expand(const Tensor& x, Tensor& y);
void Tile(const ops::Tile& op, const Tensor& x, Tensor& y);
void Concat(const ops::Concat& op, std::span<const Tensor> inputs, Tensor& y);
void Split(const ops::Split& op, const Tensor& x, Tensor& y);
Status Slice(const ops::Slice& op, const Tensor& x, Tensor& y);
Status Gather(const ops::Gather& op, const Tensor& x, const Tensor& indices, Tensor& y);
Status GatherElements(const ops::GatherElements& op, const Tensor& x, const Tensor& indices,
                      Tensor& y);
Status GatherNd(const ops::GatherNd& op, const Tensor& x, const Tensor& indices, Tensor& y);
void ShapeOf(const ops::ShapeOf& op, const Tensor& x, Tensor& y);
Status Range(const Tensor& start, const Tensor& delta, Tensor& y);
void DepthToSpace(const ops::DepthToSpace& op, const Tensor& x, Tensor& y);
void SpaceToDepth(const ops::SpaceToDepth& op, const Tensor& x, Tensor& y);
void SpaceToBatch(const ops::SpaceToBatch& op, const Tensor& x, Tensor& y);
void BatchToSpace(const ops::BatchToSpace& op, const Tensor& x, Tensor& y);

Result<Tensor> ConvBlock(const ops::ConvBlock& op, std::span<const Tensor> inputs);

}  // namespace reference
}  // namespace picabia::kernels
