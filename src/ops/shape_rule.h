// One shape rule an operator, as overloads of OutputShape; dtypes are checked already (types.cc),
// parameters absorbed, attributes legal in themselves. Called by InferOutputs only.
#pragma once

#include <span>
#include <string>

#include "ops/shape.h"

namespace picabia::ops {

using Types = std::span<const TensorType>;

// "input 1 (filter): "
std::string InputLabel(size_t index, const char* role);
Status CheckRank(Types in, size_t index, const char* role, size_t rank);
// A vector with one element a channel.
Status CheckPerChannel(Types in, size_t index, const char* role, int64_t channels);
// An axis of input 0.
Status CheckAxis(Types in, int64_t axis);

// shape_window.cc: windows over pictures, blocks and resizes
Result<Shape> OutputShape(const Conv2D& op, Types in);
Result<Shape> OutputShape(const ConvTranspose2D& op, Types in);
Result<Shape> OutputShape(const Int8Conv2D& op, Types in);
Result<Shape> OutputShape(const Int8ConvTranspose2D& op, Types in);
Result<Shape> OutputShape(const ConvBlock& op, Types in);
Result<Shape> OutputShape(const QuantizedConv2D& op, Types in);
Result<Shape> OutputShape(const Pool2D& op, Types in);
Result<Shape> OutputShape(const Resize& op, Types in);
Result<Shape> OutputShape(const Pad& op, Types in);
Result<Shape> OutputShape(const DepthToSpace& op, Types in);
Result<Shape> OutputShape(const SpaceToDepth& op, Types in);
Result<Shape> OutputShape(const SpaceToBatch& op, Types in);
Result<Shape> OutputShape(const BatchToSpace& op, Types in);

// shape_layout.cc: reductions, and what moves elements about
Result<Shape> OutputShape(const Reduce& op, Types in);
Result<Shape> OutputShape(const ArgReduce& op, Types in);
Result<Shape> OutputShape(const MatMul& op, Types in);
Result<Shape> OutputShape(const Transpose& op, Types in);
Result<Shape> OutputShape(const Reshape& op, Types in);
Result<Shape> OutputShape(const Flatten& op, Types in);
Result<Shape> OutputShape(const Squeeze& op, Types in);
Result<Shape> OutputShape(const Unsqueeze& op, Types in);
Result<Shape> OutputShape(const Expand& op, Types in);
Result<Shape> OutputShape(const Tile& op, Types in);
Result<Shape> OutputShape(const Concat& op, Types in);
Result<Shape> OutputShape(const Split& op, Types in);
Result<Shape> OutputShape(const Slice& op, Types in);
Result<Shape> OutputShape(const Gather& op, Types in);
Result<Shape> OutputShape(const GatherElements& op, Types in);
Result<Shape> OutputShape(const GatherNd& op, Types in);
Result<Shape> OutputShape(const ShapeOf& op, Types in);

}  // namespace picabia::ops
