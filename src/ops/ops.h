// The operators as plain data: one struct each, with nothing but its attributes. The graph of the
// compiler (ir/) and the compiled program (program/) are both made of them, so that shape rules
// (ops/shape.h) and names exist once.
//
// Layout: every spatial operator is NHWC (batch, height, width, channels); filters are HWIO, those
// of transposed convolutions HWOI (TensorFlow's). Importers of other layouts put Transpose around
// them.
//
// Each struct has
//   static constexpr const char* kName   the name in text and files
//   static constexpr Arity kArity        how many inputs it takes
//   static constexpr size_t kDataInputs  only where inputs from this one on are parameters, below
//   VisitFields(v)                       calls v(name, field) for each attribute: printing, parsing
//                                        and files are written once over it
// and its comment lists the inputs in order; [brackets] mark those that may be absent at the end.
// They stand in rooms: convolution.h, elementwise.h, reduction.h, resampling.h, layout.h;
// custom.h has the one for operators that come from outside.
//
// Parameters: some attributes (a shape, axes, pads) may also be computed by the graph. They then
// stand as inputs behind the data inputs, in (parentheses), and replace the attributes that the
// comment names when their values are known: ops/parameters.h.
#pragma once

#include <type_traits>
#include <variant>

#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/custom.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduction.h"
#include "ops/resampling.h"

namespace picabia::ops {

using Op =
    std::variant<Conv2D, ConvTranspose2D, Int8Conv2D, Int8ConvTranspose2D, InstanceNorm, BatchNorm,
                 Identity, Unary, Clip, Binary, PowerDifference, Where, Cast, QuantizeLinear,
                 DequantizeLinear, Softmax, Normalize, MatMul, Pool2D, Reduce, ArgReduce, CumSum,
                 Pad, Resize, Transpose, Reshape, Flatten, Squeeze, Unsqueeze, Expand, Tile, Concat,
                 Split, Slice, Gather, GatherElements, GatherNd, ShapeOf, Range, DepthToSpace,
                 SpaceToDepth, SpaceToBatch, BatchToSpace, ConvBlock, QuantizedConv2D,
                 QuantizedBinary, Lookup, Custom>;

// kName of the alternative that `op` holds.
inline const char* OpName(const Op& op) {
  return std::visit([](const auto& o) { return std::decay_t<decltype(o)>::kName; }, op);
}

}  // namespace picabia::ops
