// What the fuzzers that run programs share: a small picture, and bounds on what is run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "ops/shape.h"
#include "program/program.h"
#include "runtime/session.h"

namespace picabia::fuzz {

constexpr int64_t kMaxElements = 1 << 18;  // of all tensors of a run; a megabyte of floats
constexpr int64_t kMaxWork = 1 << 22;      // multiply-adds; milliseconds even under sanitizers
constexpr int64_t kSide = 8;               // of the picture, where the program leaves it free

// Whether a run stays within the bounds. What cannot be told beforehand, or is refused, does not.
inline bool IsSmall(const program::Program& program, const std::vector<Shape>& inputs) {
  std::vector<ops::TensorType> types(program.values.size());
  for (size_t i = 0; i < types.size(); ++i) types[i].dtype = program.values[i].dtype;
  for (const program::Constant& c : program.constants) {
    types[static_cast<size_t>(c.value)].shape = c.shape;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    types[static_cast<size_t>(program.inputs[i].value)].shape = inputs[i];
  }
  int64_t elements = 0;
  for (const program::Step& step : program.steps) {
    std::vector<ops::TensorType> arguments;
    for (const int32_t input : step.inputs) arguments.push_back(types[static_cast<size_t>(input)]);
    const auto outputs = ops::InferOutputs(step.op, arguments);
    if (!outputs.ok() || outputs->size() != step.outputs.size()) return false;
    // A convolution: each output, or input of a transposed one, times the filter.
    int64_t work = 0;
    for (const ops::TensorType& type : arguments) {
      const auto n = CheckedProduct(type.shape);
      if (!n || *n > kMaxElements) return false;
      work = work == 0 ? *n : work;
    }
    for (size_t i = 0; i < outputs->size(); ++i) {
      const auto n = CheckedProduct((*outputs)[i].shape);
      if (!n || *n > kMaxElements) return false;
      elements += *n;
      work += *n;
      types[static_cast<size_t>(step.outputs[i])] = (*outputs)[i];
    }
    if (arguments.size() >= 2 && arguments[1].shape.size() == 4) {
      const Shape& filter = arguments[1].shape;
      work *= std::max<int64_t>(1, filter[0] * filter[1] * std::max(filter[2], filter[3]));
    }
    if (work > kMaxWork || elements > kMaxElements) return false;
  }
  return true;
}

// The shapes of inputs, kSide where they are free.
inline bool SmallShapes(const program::Program& program, std::vector<Shape>& shapes) {
  int64_t elements = 0;
  for (const program::Port& port : program.inputs) {
    if (!port.rank_known) return false;
    Shape shape = port.declared_shape;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 0) shape[i] = i == 0 ? 1 : kSide;
    }
    const auto n = CheckedProduct(shape);
    if (!n || *n > kMaxElements) return false;
    elements += *n;
    shapes.push_back(std::move(shape));
  }
  return elements <= kMaxElements;
}

// Runs a checked program on a picture of zeros and on nothing else; an error is as good as a
// result.
inline void RunSmall(std::shared_ptr<const program::Program> program,
                     runtime::Precision precision) {
  std::vector<Shape> shapes;
  if (!SmallShapes(*program, shapes) || !IsSmall(*program, shapes)) return;
  std::vector<runtime::Feed> feeds;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const program::Value& value = program->values[static_cast<size_t>(program->inputs[i].value)];
    auto tensor = Tensor::Create(value.dtype, shapes[i]);
    if (!tensor.ok()) return;
    feeds.push_back({value.name, *std::move(tensor)});
  }
  runtime::SessionOptions options;
  options.precision = precision;
  options.threads = 1;
  auto session = runtime::Session::Create(std::move(program), options);
  if (!session.ok()) return;
  (void)(*session)->Run(feeds);
  (void)(*session)->Run(feeds);  // the second time with what the first has left behind
}

}  // namespace picabia::fuzz
