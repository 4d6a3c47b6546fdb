// What the operator converters of both formats share: the node at hand, steps of operators that are
// composed of several, constants made up, and axes.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "import/attributes.h"
#include "import/builder.h"
#include "ops/ops.h"

namespace picabia::import {

// One node of a file. The formats add to it what only they have.
struct ConverterContext {
  std::string name;    // the node's own, or that of its output
  std::string output;  // the value to make
  Attributes& attributes;
  std::vector<ir::ValueId> inputs;  // index -1: left out
  Builder& builder;

  bool HasInput(size_t i) const { return i < inputs.size() && inputs[i].index >= 0; }
};

// The node itself, with context.inputs.
Result<ir::ValueId> AddNode(ConverterContext& context, ops::Op op);
// One step of an operator that is composed of several; `what` becomes part of its name.
Result<ir::ValueId> AddStep(ConverterContext& context, const char* what, ops::Op op,
                            std::vector<ir::ValueId> inputs);
// A scalar constant of this type.
Result<ir::ValueId> AddScalar(ConverterContext& context, const char* what, DType dtype,
                              double value);
// A vector of this integer type.
Result<ir::ValueId> AddIntegers(ConverterContext& context, const char* what,
                                const std::vector<int64_t>& values, DType dtype = DType::kI64);
// The shape of a value, as a tensor.
Result<ir::ValueId> AddShape(ConverterContext& context, ir::ValueId of);
// gamma * elu(x, alpha) as the node itself.
Result<ir::ValueId> AddSelu(ConverterContext& context, float alpha, float gamma);
// The inputs joined by `op`, two at a time.
Result<ir::ValueId> AddChain(ConverterContext& context, ops::BinaryKind kind);

// The rank of an input; an error where it is not known.
Result<size_t> RankOf(const ConverterContext& context, size_t input);
// An axis >= 0 of an input; negative ones count from the end.
Result<int64_t> AxisOf(const ConverterContext& context, size_t input, int64_t axis);
// A list of axes of input 0, sorted and >= 0.
Result<std::vector<int64_t>> SortedAxes(const ConverterContext& context, std::vector<int64_t> axes);

// The constant at an input, or what the graph computes from constants; an error says that `what`
// must be one.
Result<const Tensor*> ConstantInput(const ConverterContext& context, size_t input,
                                    const char* what);
Result<std::vector<int64_t>> ConstantIntegers(const ConverterContext& context, size_t input,
                                              const char* what);
Status CheckFiniteInputs(ConverterContext& context, size_t first);

// Sizes that the file fixes for a picture whose size is free become scales, relative to the size
// that the graph was frozen at. Leaves `op` as it is where that does not apply.
Status FollowPicture(const ConverterContext& context, ir::ValueId sizes, ops::Resize& op);

}  // namespace picabia::import
