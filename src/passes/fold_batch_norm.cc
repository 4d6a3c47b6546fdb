// BatchNorm(conv(x, w) + b) = conv(x, w * f) + ((b - mean) * f + shift), f = scale / sqrt(variance
// + epsilon) of each output channel; and without a convolution before it
// BatchNorm(x) = x * f + (shift - mean * f).
//
// The first form needs a constant filter that nobody else reads and a convolution whose output
// nobody else reads. The numbers are worked out in double and rounded once. A BatchNorm whose
// parameters are computed, or whose f is not finite, stays. Run by the pipeline after the layout
// is settled and before FuseConvBlocks, which takes up the bias.
#include <cmath>
#include <map>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;

// y = x * factor + offset, channel by channel.
struct Affine {
  std::vector<double> factor, offset;
};

std::optional<Affine> AffineOf(const ir::Graph& graph, const Node& node) {
  const Tensor* p[5] = {};
  for (size_t i = 1; i < 5; ++i) {
    const ir::Value& v = graph.value(node.inputs[i]);
    if (!v.constant || v.constant->shape() != graph.value(node.inputs[1]).constant->shape())
      return std::nullopt;
    p[i] = &*v.constant;
  }
  if (p[1]->shape().size() != 1) return std::nullopt;
  const double epsilon = static_cast<double>(std::get<ops::BatchNorm>(node.op).epsilon);
  Affine a;
  for (int64_t c = 0; c < p[1]->num_elements(); ++c) {
    const double scale = p[1]->data<float>()[c], shift = p[2]->data<float>()[c];
    const double mean = p[3]->data<float>()[c], variance = p[4]->data<float>()[c];
    a.factor.push_back(scale / std::sqrt(variance + epsilon));
    a.offset.push_back(shift - mean * a.factor.back());
    if (!std::isfinite(a.factor.back()) || !std::isfinite(a.offset.back())) return std::nullopt;
  }
  return a;
}

Result<Tensor> Vector(const std::vector<double>& values) {
  return Tensor::From<float>({static_cast<int64_t>(values.size())},
                             std::vector<float>(values.begin(), values.end()));
}

// Where the output channels of a filter are: HWIO, or HWOI with the outputs of one group.
struct FilterLayout {
  bool transposed = false;
  int64_t groups = 1;

  int64_t Channels(const Shape& f) const { return transposed ? f[2] * groups : f[3]; }
  // The output channel of the element at (input index i of dim 2, index j of dim 3).
  int64_t ChannelOf(const Shape& f, int64_t i, int64_t j) const {
    return transposed ? j / (f[3] / groups) * f[2] + i : j;
  }
};

std::optional<FilterLayout> LayoutOf(const ops::Op& op) {
  if (const auto* c = std::get_if<ops::Conv2D>(&op)) return FilterLayout{false, c->groups};
  if (const auto* c = std::get_if<ops::ConvTranspose2D>(&op)) return FilterLayout{true, c->groups};
  return std::nullopt;
}

Result<Tensor> ScaledFilter(const Tensor& filter, const FilterLayout& layout,
                            const std::vector<double>& factor) {
  PICABIA_ASSIGN_OR_RETURN(Tensor scaled, Tensor::Create(DType::kF32, filter.shape()));
  const Shape& f = filter.shape();
  const int64_t taps = f[0] * f[1];
  int64_t at = 0;
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t i = 0; i < f[2]; ++i) {
      for (int64_t j = 0; j < f[3]; ++j, ++at) {
        const double w = filter.data<float>()[at];
        const auto c = static_cast<size_t>(layout.ChannelOf(f, i, j));
        scaled.MutableData<float>()[at] = static_cast<float>(w * factor[c]);
      }
    }
  }
  return scaled;
}

class BatchNormFolder {
 public:
  explicit BatchNormFolder(ir::Graph& graph)
      : graph_(graph),
        names_(graph),
        producers_(ir::Producers(graph)),
        uses_(ir::UseCounts(graph)) {}

  Result<int> Run() {
    int rewrites = 0;
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    place_.assign(nodes.size(), -1);
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (std::holds_alternative<ops::BatchNorm>(nodes[n].op)) {
        PICABIA_ASSIGN_OR_RETURN(const bool rewritten, Rewrite(nodes[n]));
        if (rewritten) {
          ++rewrites;
          continue;
        }
      }
      place_[n] = static_cast<int32_t>(graph_.nodes.size());
      graph_.nodes.push_back(std::move(nodes[n]));
    }
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
    return rewrites;
  }

 private:
  Result<bool> Rewrite(const Node& node) {
    if (!graph_.value(node.inputs[1]).constant) return false;
    Parameters& parameters = ParametersOf(node);
    if (!parameters.affine) return false;
    if (Node* conv = FoldableConv(node, parameters.affine->factor.size())) {
      PICABIA_RETURN_IF_ERROR(FoldInto(*conv, node, *parameters.affine));
    } else {
      PICABIA_RETURN_IF_ERROR(AddMulAndAdd(node, parameters));
    }
    return true;
  }

  // BatchNorms of equal parameters share the work and the constants: neither can outgrow the file.
  struct Parameters {
    std::optional<Affine> affine;
    ValueId factor, offset;  // once they are made
  };
  Parameters& ParametersOf(const Node& node) {
    auto key = std::make_pair(std::get<ops::BatchNorm>(node.op).epsilon,
                              std::vector<ValueId>(node.inputs.begin() + 1, node.inputs.end()));
    const auto [at, fresh] = parameters_.emplace(std::move(key), Parameters{});
    if (fresh) at->second.affine = AffineOf(graph_, node);
    return at->second;
  }

  // The convolution that makes the node's input, where its weights may be changed.
  Node* FoldableConv(const Node& node, size_t channels) {
    const auto x = static_cast<size_t>(node.inputs[0].index);
    const int32_t n = producers_[x] < 0 ? -1 : place_[static_cast<size_t>(producers_[x])];
    if (n < 0 || uses_[x] != 1) return nullptr;
    Node& conv = graph_.nodes[static_cast<size_t>(n)];
    const auto layout = LayoutOf(conv.op);
    if (conv.outputs.empty() || !layout) return nullptr;
    const ir::Value& filter = graph_.value(conv.inputs[1]);
    if (!filter.constant || filter.constant->shape().size() != 4) return nullptr;
    // A filter that others read would have to be copied, once for each of them.
    if (uses_[static_cast<size_t>(conv.inputs[1].index)] != 1) return nullptr;
    const Shape& f = filter.constant->shape();
    const bool legal =
        filter.constant->num_elements() > 0 && f[3] % layout->groups == 0 && layout->groups <= f[3];
    if (!legal || layout->Channels(f) != static_cast<int64_t>(channels)) return nullptr;
    const bool bias = conv.inputs.size() > 2;
    if (bias && !IsChannelVector(graph_, conv.inputs[2], static_cast<int64_t>(channels)))
      return nullptr;
    return &conv;
  }

  // The convolution takes the place, the name and the output of the BatchNorm.
  Status FoldInto(Node& old_conv, const Node& node, const Affine& affine) {
    Node conv = std::move(old_conv);
    old_conv.outputs.clear();
    std::vector<double> bias = affine.offset;
    if (conv.inputs.size() > 2) {
      const float* b = graph_.value(conv.inputs[2]).constant->data<float>();
      for (size_t c = 0; c < bias.size(); ++c)
        bias[c] += static_cast<double>(b[c]) * affine.factor[c];
    }
    const ir::Value& filter = graph_.value(conv.inputs[1]);
    PICABIA_ASSIGN_OR_RETURN(Tensor scaled,
                             ScaledFilter(*filter.constant, *LayoutOf(conv.op), affine.factor));
    PICABIA_ASSIGN_OR_RETURN(Tensor shift, Vector(bias));
    const std::string filter_name = names_.Make(filter.name + "/folded");
    conv.inputs[1] = graph_.AddConstant(filter_name, std::move(scaled));
    conv.inputs.resize(2);
    conv.inputs.push_back(graph_.AddConstant(names_.Make(node.name + "/bias"), std::move(shift)));
    conv.name = node.name;
    conv.outputs = node.outputs;
    graph_.nodes.push_back(std::move(conv));
    return OkStatus();
  }

  Status AddMulAndAdd(const Node& node, Parameters& p) {
    if (p.factor.index < 0) {
      PICABIA_ASSIGN_OR_RETURN(Tensor f, Vector(p.affine->factor));
      PICABIA_ASSIGN_OR_RETURN(Tensor o, Vector(p.affine->offset));
      p.factor = graph_.AddConstant(names_.Make(node.name + "/factor"), std::move(f));
      p.offset = graph_.AddConstant(names_.Make(node.name + "/offset"), std::move(o));
    }
    const std::string name = names_.Make(node.name + "/scaled");
    const ValueId scaled =
        graph_.AddNode(name, ops::Binary{ops::BinaryKind::kMul}, {node.inputs[0], p.factor});
    graph_.nodes.push_back(
        {node.name, ops::Binary{ops::BinaryKind::kAdd}, {scaled, p.offset}, node.outputs});
    return OkStatus();
  }

  ir::Graph& graph_;
  FreshNames names_;
  std::vector<int32_t> producers_;  // of the values there were, in the old order of nodes
  std::vector<int32_t> uses_;
  std::vector<int32_t> place_;  // old index of a node -> index in the new list, -1 when replaced
  std::map<std::pair<float, std::vector<ValueId>>, Parameters> parameters_;
};

}  // namespace

Result<int> FoldBatchNorm(ir::Graph& graph) {
  PICABIA_ASSIGN_OR_RETURN(const int rewrites, BatchNormFolder(graph).Run());
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
