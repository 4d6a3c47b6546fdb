// op(constants) = constant, and op(x, constant parameter) = op{attribute}(x).
//
// The operator runs once here, by the scalar reference, and its output becomes a constant of the
// same name. Run by the pipeline before the passes that look for constants.
//
// Budgets, because a graph of a few bytes may ask for terabytes: a result is at most 1 MiB or twice
// its inputs (a transposed filter is as large as the filter; a padded one somewhat larger), and all
// results together at most 64 MiB or twice all constants of the file. Convolutions are never
// folded: their work is not bounded by the sizes of their inputs and outputs.
#include <algorithm>

#include "kernels/reference/reference.h"
#include "ops/parameters.h"
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/symbolic.h"

namespace picabia::passes {
namespace {

constexpr size_t kSmallResult = size_t{1} << 20;  // bytes
constexpr size_t kSmallTotal = size_t{64} << 20;  // bytes
constexpr size_t kGrowth = 4;                     // results over inputs: int8 weights as floats
constexpr size_t kMaxRank = 8;                    // the reference's work is elements times rank

// Whether the work is bounded by a small multiple of input and output elements.
bool IsCheap(const ops::Op& op) {
  return !std::holds_alternative<ops::Conv2D>(op) &&
         !std::holds_alternative<ops::ConvTranspose2D>(op) &&
         !std::holds_alternative<ops::Int8Conv2D>(op) &&
         !std::holds_alternative<ops::Int8ConvTranspose2D>(op) &&
         !std::holds_alternative<ops::QuantizedConv2D>(op) &&
         !std::holds_alternative<ops::Custom>(op) && !std::holds_alternative<ops::ConvBlock>(op);
}

class Folder {
 public:
  Folder(ir::Graph& graph, bool filters)
      : graph_(graph), filters_(filters), shapes_(SymbolicShapes(graph)) {
    size_t constants = 0;
    for (const ir::Value& v : graph.values) constants += v.constant ? v.constant->num_bytes() : 0;
    budget_ = std::max(kSmallTotal, kGrowth * constants);
  }

  int Run() {
    int rewrites = 0;
    for (ir::Node& node : graph_.nodes) {
      rewrites += Absorb(node) ? 1 : 0;
      if (!Fold(node)) continue;
      node.outputs.clear();
      ++rewrites;
    }
    std::erase_if(graph_.nodes, [](const ir::Node& node) { return node.outputs.empty(); });
    return rewrites;
  }

 private:
  // Parameters that have become constants move into the operator. Where the rank of x is not known,
  // or the numbers break a rule, the node stays, to be looked at when it runs.
  bool Absorb(ir::Node& node) {
    const size_t data = ops::DataInputs(node.op);
    if (!ops::HasParameters(node.op, node.inputs.size()) ||
        std::holds_alternative<ops::Range>(node.op))
      return false;
    std::vector<ops::TensorType> types;
    std::vector<const Tensor*> values;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto& constant = graph_.value(node.inputs[i]).constant;
      if (i >= data && !constant) return false;
      const SymbolicShape& shape = shapes_[static_cast<size_t>(node.inputs[i].index)];
      if (i < data && !shape) return false;
      values.push_back(i < data ? nullptr : &*constant);
      // Of data, only the rank is looked at.
      types.push_back({graph_.value(node.inputs[i]).dtype,
                       i < data ? Shape(shape->size(), 1) : constant->shape()});
    }
    auto absorbed = ops::Absorb(node.op, types, values);
    if (!absorbed.ok()) return false;
    node.op = *std::move(absorbed);
    node.inputs.resize(data);
    return true;
  }

  bool Fold(const ir::Node& node) {
    if (!IsCheap(node.op) || (!filters_ && IsQuantizedFilter(node))) return false;
    std::vector<Tensor> inputs;
    std::vector<ops::TensorType> types;
    size_t bytes = 0;
    for (ir::ValueId id : node.inputs) {
      const auto& constant = graph_.value(id).constant;
      if (!constant || constant->shape().size() > kMaxRank) return false;
      inputs.push_back(*constant);
      types.push_back({constant->dtype(), constant->shape()});
      bytes += constant->num_bytes();
    }
    std::vector<const Tensor*> values;
    for (const Tensor& t : inputs) values.push_back(&t);
    const auto result = ops::InferOutputs(node.op, types, values);
    if (!result.ok() || !Affordable((*result)[0], bytes)) return false;
    // What the reference refuses stays, to fail when it is run.
    auto outputs = kernels::RunReference(node.op, inputs);
    if (!outputs.ok()) return false;
    budget_ -= (*outputs)[0].num_bytes();
    ir::Value& value = graph_.value(node.outputs[0]);
    value.declared_shape.reset();
    value.constant = std::move((*outputs)[0]);
    return true;
  }

  // Bytes that a convolution in integers wants as they are (fuse_quantized.cc).
  bool IsQuantizedFilter(const ir::Node& node) const {
    const auto constant = AsQuantizedConstant(graph_, node);
    return constant && constant->bytes->shape().size() == 4;
  }

  bool Affordable(const ops::TensorType& type, size_t input_bytes) const {
    if (type.shape.size() > kMaxRank) return false;
    size_t bytes = DTypeSize(type.dtype);
    for (int64_t d : type.shape) bytes *= static_cast<size_t>(d);  // InferOutputs bounds it
    return bytes <= std::max(kSmallResult, kGrowth * input_bytes) && bytes <= budget_;
  }

  ir::Graph& graph_;
  const bool filters_;
  const std::vector<SymbolicShape> shapes_;
  size_t budget_ = 0;  // bytes of results still to be spent
};

}  // namespace

Result<int> FoldConstants(ir::Graph& graph) {
  const int rewrites = Folder(graph, false).Run();
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

Result<int> FoldFilters(ir::Graph& graph) {
  if (!HasQuantization(graph)) return 0;
  const int rewrites = Folder(graph, true).Run();
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
