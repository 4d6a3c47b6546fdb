// The rules of every operator: how many inputs, which attributes are legal, and concrete input
// types in, concrete output types out. The same rules serve the verifier of ir/, the check of
// program/, the binder of runtime/ and the tests.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::ops {

// Type and shape of a tensor whose contents are not known. All dims >= 0.
struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};

// How many inputs an operator takes; max is more than min where trailing inputs may be absent.
struct Arity {
  size_t min = 1;
  size_t max = 1;
};
Arity InputArity(const Op& op);

// The rules of ops.h that need no input: strides, pads, axes, permutations, scales and enum values.
// The error names the attribute.
Status CheckAttributes(const Op& op);

// Types of the outputs (one for every operator so far). Checks arity, attributes and inputs. The
// error says which input breaks which rule; the caller adds the node's name.
Result<std::vector<TensorType>> InferOutputs(const Op& op, std::span<const TensorType> inputs);

// Output size and leading padding of one axis of a window operator.
struct WindowExtent {
  int64_t output = 0;
  int64_t pad_before = 0;
  int64_t pad_after = 0;  // may exceed what the last window reads
};

// For a convolution: axis 0 is vertical, 1 horizontal. `input` >= 0, `kernel` >= 1.
Result<WindowExtent> ConvExtent(const Window& window, int axis, int64_t input, int64_t kernel);
// For a transposed convolution; the padding is that of the convolution it is the gradient of.
Result<WindowExtent> ConvTransposeExtent(const Window& window, int axis, int64_t input,
                                         int64_t kernel, int64_t output_pad, int64_t output_shrink);

// NumPy broadcasting of two shapes, or an error that names both.
Result<Shape> BroadcastShapes(const Shape& a, const Shape& b);

}  // namespace picabia::ops
