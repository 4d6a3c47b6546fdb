// The rules of every operator: which attributes are legal, and concrete input types in, concrete
// output types out. The same rules serve the verifier of ir/, the check of program/, the binder of
// runtime/ and the tests.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::ops {

Arity InputArity(const Op& op);

// The rules of ops.h that need no input: strides, pads, axes, permutations, scales and enum values.
// The error names the attribute.
Status CheckAttributes(const Op& op);

// The element type of the output. Refuses input types that the operator does not take; the error
// says which input. `inputs` has as many entries as the operator has inputs.
Result<DType> OutputDType(const Op& op, std::span<const DType> inputs);

// Types of the outputs (one for every operator so far). Checks arity, attributes and inputs. The
// error says which input breaks which rule; the caller adds the node's name. `values` holds the
// contents of the inputs, or null where they are not known; it may be empty where no parameter
// (ops/parameters.h) is an input.
Result<std::vector<TensorType>> InferOutputs(const Op& op, std::span<const TensorType> inputs,
                                             std::span<const Tensor* const> values = {});

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
// For a pool.
Result<WindowExtent> PoolExtent(const Pool2D& op, int axis, int64_t input);

// What a Slice takes of one axis: elements start, start + step, ... (count of them).
struct SliceExtent {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};
// One for each axis of x.
Result<std::vector<SliceExtent>> ResolveSlice(const Slice& op, const Shape& x);

// The size that a Resize gives an axis, and the output-over-input scale that its coordinates use.
struct ResizeExtent {
  int64_t output = 0;
  float scale = 1;
};
// One for each axis of x.
Result<std::vector<ResizeExtent>> ResolveResize(const Resize& op, const Shape& x);

// The first axis whose dimension a ShapeOf of a tensor of this rank gives.
int64_t FirstAxis(const ShapeOf& op, size_t rank);

// How many elements a Range has; its three inputs must hold one element of one type each.
Result<int64_t> RangeLength(const Tensor& start, const Tensor& limit, const Tensor& delta);

// NumPy broadcasting of two shapes, or an error that names both.
Result<Shape> BroadcastShapes(const Shape& a, const Shape& b);

// -1 is the last of `rank` axes; the error says what there is.
Result<int64_t> NormalizeAxis(int64_t axis, size_t rank);
// The same for a list, which becomes sorted; an axis given twice is an error.
Result<std::vector<int64_t>> NormalizeAxes(std::vector<int64_t> axes, size_t rank);

}  // namespace picabia::ops
