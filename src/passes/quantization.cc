// What the passes over quantized (QDQ) models share.
#include "passes/quantization.h"

#include <cmath>

namespace picabia::passes {
namespace {

constexpr float kLeastScale = 1e-30f, kGreatestScale = 1e30f;

bool IsByte(DType dtype) { return dtype == DType::kI8 || dtype == DType::kU8; }

int32_t ByteAt(const Tensor& t, int64_t i) {
  return t.dtype() == DType::kI8 ? t.data<int8_t>()[i] : t.data<uint8_t>()[i];
}

// Inputs 1 and 2 of Q and DQ nodes, where both are one constant number.
std::optional<TensorScale> ScaleOf(const ir::Graph& graph, const ir::Node& node, DType bytes) {
  if (!IsByte(bytes)) return std::nullopt;
  const auto& scale = graph.value(node.inputs[1]).constant;
  if (!scale || scale->dtype() != DType::kF32 || scale->num_elements() != 1) return std::nullopt;
  TensorScale result{*scale->data<float>(), 0, bytes};
  if (!(result.scale > kLeastScale && result.scale < kGreatestScale)) return std::nullopt;
  if (node.inputs.size() < 3) return result;
  const auto& zero = graph.value(node.inputs[2]).constant;
  if (!zero || zero->num_elements() != 1) return std::nullopt;
  result.zero = ByteAt(*zero, 0);
  return result;
}

}  // namespace

bool HasQuantization(const ir::Graph& graph) {
  for (const ir::Node& node : graph.nodes) {
    if (std::holds_alternative<ops::DequantizeLinear>(node.op) ||
        std::holds_alternative<ops::QuantizeLinear>(node.op))
      return true;
  }
  return false;
}

std::optional<Dequantized> AsDequantized(const ir::Graph& graph, const ir::Node& node) {
  if (!std::holds_alternative<ops::DequantizeLinear>(node.op)) return std::nullopt;
  const auto scale = ScaleOf(graph, node, graph.value(node.inputs[0]).dtype);
  if (!scale) return std::nullopt;
  return Dequantized{node.inputs[0], *scale};
}

std::optional<TensorScale> AsQuantized(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = std::get_if<ops::QuantizeLinear>(&node.op);
  if (op == nullptr || graph.value(node.inputs[0]).dtype != DType::kF32) return std::nullopt;
  return ScaleOf(graph, node, op->to);
}

std::optional<QuantizedConstant> AsQuantizedConstant(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = std::get_if<ops::DequantizeLinear>(&node.op);
  if (op == nullptr) return std::nullopt;
  const auto& bytes = graph.value(node.inputs[0]).constant;
  const auto& scale = graph.value(node.inputs[1]).constant;
  if (!bytes || !IsByte(bytes->dtype()) || !scale || scale->dtype() != DType::kF32)
    return std::nullopt;
  QuantizedConstant result{&*bytes, {}, {}, op->axis};
  const int64_t n = scale->num_elements();
  result.scales.assign(scale->data<float>(), scale->data<float>() + n);
  result.zeros.assign(static_cast<size_t>(n), 0);
  if (node.inputs.size() < 3) return result;
  const auto& zero = graph.value(node.inputs[2]).constant;
  if (!zero || zero->num_elements() != n) return std::nullopt;
  for (int64_t i = 0; i < n; ++i) result.zeros[static_cast<size_t>(i)] = ByteAt(*zero, i);
  return result;
}

}  // namespace picabia::passes
