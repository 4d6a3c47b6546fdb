// What the passes over quantized (QDQ) models share: which value stands for which bytes. Called by
// the passes only.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace picabia::passes {

// Whether there is anything for these passes to do. Most graphs have none, and some are large.
bool HasQuantization(const ir::Graph& graph);

// One scale and zero point for a whole tensor of int8 or uint8.
struct TensorScale {
  float scale = 1;
  int32_t zero = 0;
  DType dtype = DType::kU8;
  bool operator==(const TensorScale&) const = default;
};

// A float value that is (bytes - zero) * scale.
struct Dequantized {
  ir::ValueId bytes;
  TensorScale scale;
};

// What a DequantizeLinear of a whole tensor of bytes makes, or nothing for another node. Scales are
// normal numbers far from the ends of float's range, so that (q - zero) * scale / scale rounds to q
// - zero again.
std::optional<Dequantized> AsDequantized(const ir::Graph& graph, const ir::Node& node);

// The scale of a QuantizeLinear of a whole tensor to bytes, or nothing.
std::optional<TensorScale> AsQuantized(const ir::Graph& graph, const ir::Node& node);

// A constant of int8 or uint8 with its scales as a DequantizeLinear makes floats of it.
struct QuantizedConstant {
  const Tensor* bytes = nullptr;
  std::vector<float> scales;   // one, or one each index of `axis`
  std::vector<int32_t> zeros;  // as many
  int64_t axis = 0;
};
std::optional<QuantizedConstant> AsQuantizedConstant(const ir::Graph& graph, const ir::Node& node);

}  // namespace picabia::passes
