// A model that tests run: two functions, y = relu(x), which the program computes on NCHW and the
// device has as NHWC.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "program/offline.h"

namespace picabia::cnrt {

constexpr int kSmallPixels = 4 * 5;  // of a picture of 3 channels

inline program::OfflineFunction SmallFunction(const std::string& name, int64_t batch, DType input) {
  program::Program p;
  p.source = "relu.pb";
  p.compiler_version = "1";
  p.values = {{"x", DType::kF32}, {"y", DType::kF32}};
  p.steps.push_back({"relu", ops::Unary{ops::UnaryKind::kRelu, 0}, {0}, {1}});
  p.inputs.push_back({0, true, {batch, 3, 4, 5}, {}});
  p.outputs.push_back({1, false, {}, {}});
  program::OfflineFunction f;
  f.name = name;
  f.inputs = {{"x", input, {batch, 4, 5, 3}, true}};
  if (input == DType::kU8) {
    f.inputs[0].scale = {1, 2, 0.5f};
    f.inputs[0].shift = {-100, 0, 1};
  }
  f.outputs = {{"y", DType::kF16, {batch, 4, 5, 3}, true}};
  f.memory_bytes = 4096;
  f.program = std::make_shared<const program::Program>(std::move(p));
  return f;
}

// "subnet0": one picture of halves; "subnet1": two of pixels with scales and shifts.
inline std::string SmallModelBytes() {
  program::OfflineModel m;
  m.source = "relu.pb";
  m.compiler_version = "1";
  m.functions = {SmallFunction("subnet0", 1, DType::kF16), SmallFunction("subnet1", 2, DType::kU8)};
  return *program::WriteOffline(m);
}

}  // namespace picabia::cnrt
