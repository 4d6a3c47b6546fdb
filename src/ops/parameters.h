// Parameters: inputs that stand for attributes (ops.h). A graph may compute a shape, axes or pads;
// once the numbers are known, they move into the operator, which is then like any other. Used by
// importers (constants), by shape rules (sizes known at import), and by devices (when it runs).
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::ops {

// Numbers that a parameter may have; those of shapes and pads have two an axis at most.
constexpr int64_t kMaxParameterElements = 64;

// How many leading inputs are data.
size_t DataInputs(const Op& op);

// Whether an operator with so many inputs has parameters among them.
inline bool HasParameters(const Op& op, size_t inputs) { return inputs > DataInputs(op); }

// The operator with its parameters as attributes, to be used with the data inputs alone (a Range
// stays as it is, with all its inputs). `values` holds the contents of the inputs, null where they
// are not known; an unknown parameter is an error, as is one that breaks the rules of the attribute
// that it becomes. Without parameters: a copy.
Result<Op> Absorb(const Op& op, std::span<const TensorType> types,
                  std::span<const Tensor* const> values);

}  // namespace picabia::ops
