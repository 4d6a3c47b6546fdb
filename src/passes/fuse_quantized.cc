// Q(bound(conv(DQ(x), DQ(w)) + bias)) = QuantizedConv2D(x, w)
// Q(bound(DQ(x) op DQ(y)))            = QuantizedBinary(x, y)
// Q(f(DQ(x))), f(DQ(x))               = Lookup(x)
//
// Q and DQ are QuantizeLinear and DequantizeLinear of a whole tensor of bytes by constants (of a
// constant filter by one scale an output channel, too), bound is any number of Relu and Clip, f any
// number of operators of one element. Q and bound may be absent; of a QuantizedBinary one of Q and
// the DQs must be there. What the model computes in float from bytes comes out of exact integer
// sums, with one rounding; scales and the quantization's division fold into one factor a channel.
// A filter whose bytes less their zero point do not fit in int8, or whose sums do not fit in 32
// bits, stays. A fused node stands where its last node stood; inner values have one reader. Run by
// the pipeline once Transposes are gone; what is left of DQ(constant) is folded after it.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/checked.h"
#include "kernels/reference/reference.h"
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A chain is walked from each of its nodes, and a file may be one long chain.
constexpr size_t kLongestChain = 16;

// What follows a fused operator.
struct Tail {
  float low = -kInfinity, high = kInfinity;
  std::optional<TensorScale> to;
  std::vector<int32_t> nodes;  // in order
};

class Fuser {
 public:
  explicit Fuser(ir::Graph& graph)
      : graph_(graph),
        names_(graph),
        producers_(ir::Producers(graph)),
        readers_(OnlyReaders(graph)) {}

  Result<int> Run() {
    PICABIA_RETURN_IF_ERROR(Each(&Fuser::FuseConvolution, false));
    PICABIA_RETURN_IF_ERROR(Each(&Fuser::FuseLookup, true));  // the whole chain from its end
    PICABIA_RETURN_IF_ERROR(Each(&Fuser::FuseBinary, false));
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
    return rewrites_;
  }

 private:
  Status Each(Result<bool> (Fuser::*fuse)(int32_t), bool backwards) {
    const size_t count = graph_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      const size_t n = backwards ? count - 1 - i : i;
      if (graph_.nodes[n].outputs.empty()) continue;
      PICABIA_ASSIGN_OR_RETURN(const bool done, (this->*fuse)(static_cast<int32_t>(n)));
      rewrites_ += done ? 1 : 0;
    }
    return OkStatus();
  }

  Node& At(int32_t n) { return graph_.nodes[static_cast<size_t>(n)]; }

  const Node* Producer(ValueId id) const {
    const auto v = static_cast<size_t>(id.index);
    if (v >= producers_.size() || producers_[v] < 0) return nullptr;
    const Node& node = graph_.nodes[static_cast<size_t>(producers_[v])];
    return node.outputs.empty() || node.outputs[0] != id ? nullptr : &node;
  }

  std::optional<Dequantized> DequantizedOf(ValueId id) const {
    const Node* node = Producer(id);
    return node == nullptr ? std::nullopt : AsDequantized(graph_, *node);
  }

  // Bounds that a node puts on its input.
  static bool TakeBound(const ops::Op& op, Tail& tail) {
    float low = -kInfinity, high = kInfinity;
    if (const auto* clip = std::get_if<ops::Clip>(&op)) {
      low = clip->low;
      high = clip->high;
    } else if (const auto* unary = std::get_if<ops::Unary>(&op);
               unary != nullptr && unary->kind == ops::UnaryKind::kRelu) {
      low = 0;
    } else {
      return false;
    }
    // min(max(min(max(v, l1), h1), l2), h2) with all bounds in order.
    if (low > high || low > tail.high || high < tail.low) return false;
    tail.low = std::max(tail.low, low);
    tail.high = std::min(tail.high, high);
    return true;
  }

  Tail TailOf(ValueId value) {
    Tail tail;
    while (!tail.to) {
      const int32_t n = readers_[static_cast<size_t>(value.index)];
      if (n < 0 || At(n).outputs.empty() || At(n).inputs[0] != value) break;
      tail.to = AsQuantized(graph_, At(n));
      if (!tail.to && !TakeBound(At(n).op, tail)) break;
      tail.nodes.push_back(n);
      value = At(n).outputs[0];
    }
    return tail;
  }

  // Puts `op` in the place of the last of the nodes that it stands for.
  void Replace(int32_t head, const Tail& tail, ops::Op op, std::vector<ValueId> inputs) {
    const int32_t last = tail.nodes.empty() ? head : tail.nodes.back();
    const ValueId out = At(last).outputs[0];
    At(head).outputs.clear();
    for (int32_t n : tail.nodes) At(n).outputs.clear();
    Node& node = At(last);
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.outputs = {out};
    producers_[static_cast<size_t>(out.index)] = last;
  }

  // The filter as int8 without zero point.
  static std::optional<Tensor> CenteredFilter(const QuantizedConstant& filter) {
    const Shape& s = filter.bytes->shape();
    auto centered = Tensor::Create(DType::kI8, s);
    if (!centered.ok()) return std::nullopt;
    for (int64_t i = 0; i < filter.bytes->num_elements(); ++i) {
      const auto m = filter.zeros.size() == 1 ? 0 : static_cast<size_t>(i % s[3]);
      const int32_t byte = filter.bytes->dtype() == DType::kI8 ? filter.bytes->data<int8_t>()[i]
                                                               : filter.bytes->data<uint8_t>()[i];
      const int32_t v = byte - filter.zeros[m];
      if (v < INT8_MIN || v > INT8_MAX) return std::nullopt;
      centered->MutableData<int8_t>()[i] = static_cast<int8_t>(v);
    }
    return *std::move(centered);
  }

  std::optional<QuantizedConstant> FilterOf(const Node& conv) const {
    const Node* maker = Producer(conv.inputs[1]);
    auto filter = maker == nullptr ? std::nullopt : AsQuantizedConstant(graph_, *maker);
    if (!filter || filter->bytes->shape().size() != 4) return std::nullopt;
    const Shape& s = filter->bytes->shape();
    const bool per_channel =
        filter->axis == 3 && filter->scales.size() == static_cast<size_t>(s[3]);
    if (filter->scales.size() != 1 && !per_channel) return std::nullopt;
    const auto products = CheckedProduct(std::array{s[0], s[1], s[2]});
    const bool fits =
        products && *products > 0 && s[3] > 0 && *products * 255 * 128 < (int64_t{1} << 31);
    return fits ? filter : std::nullopt;
  }

  Result<bool> FuseConvolution(int32_t n) {
    const Node node = At(n);
    const auto* conv = std::get_if<ops::Conv2D>(&node.op);
    if (conv == nullptr) return false;
    const auto x = DequantizedOf(node.inputs[0]);
    const auto filter = x ? FilterOf(node) : std::nullopt;
    if (!filter) return false;
    const int64_t channels = filter->bytes->shape()[3];
    if (node.inputs.size() > 2 && !IsChannelVector(graph_, node.inputs[2], channels)) return false;
    const auto centered = CenteredFilter(*filter);
    if (!centered) return false;
    const Tail tail = TailOf(node.outputs[0]);
    const double step = tail.to ? static_cast<double>(tail.to->scale) : 1.0;
    PICABIA_ASSIGN_OR_RETURN(Tensor scale, Tensor::Create(DType::kF32, {channels}));
    PICABIA_ASSIGN_OR_RETURN(Tensor bias, Tensor::Create(DType::kF32, {channels}));
    for (int64_t m = 0; m < channels; ++m) {
      const double w = filter->scales[filter->scales.size() == 1 ? 0 : static_cast<size_t>(m)];
      const double b =
          node.inputs.size() > 2
              ? static_cast<double>(graph_.value(node.inputs[2]).constant->data<float>()[m])
              : 0;
      scale.MutableData<float>()[m] =
          static_cast<float>(static_cast<double>(x->scale.scale) * w / step);
      bias.MutableData<float>()[m] = static_cast<float>(b / step);
      if (!std::isfinite(scale.data<float>()[m]) || !std::isfinite(bias.data<float>()[m]))
        return false;
    }
    ops::QuantizedConv2D op{conv->window, conv->groups, x->scale.zero};
    op.low = static_cast<float>(static_cast<double>(tail.low) / step);
    op.high = static_cast<float>(static_cast<double>(tail.high) / step);
    op.to = tail.to ? tail.to->dtype : DType::kF32;
    op.zero = tail.to ? tail.to->zero : 0;
    const std::string name = graph_.value(node.outputs[0]).name;  // values move
    const ValueId w = graph_.AddConstant(names_.Make(name + "/filter"), *centered);
    const ValueId s = graph_.AddConstant(names_.Make(name + "/scale"), std::move(scale));
    const ValueId b = graph_.AddConstant(names_.Make(name + "/bias"), std::move(bias));
    Replace(n, tail, op, {x->bytes, w, s, b});
    return true;
  }

  static bool IsArithmetic(ops::BinaryKind kind) {
    using K = ops::BinaryKind;
    return kind == K::kAdd || kind == K::kSub || kind == K::kMul || kind == K::kDiv ||
           kind == K::kSquaredDifference || kind == K::kMin || kind == K::kMax;
  }

  Result<bool> FuseBinary(int32_t n) {
    const Node node = At(n);
    const auto* binary = std::get_if<ops::Binary>(&node.op);
    if (binary == nullptr || !IsArithmetic(binary->kind)) return false;
    if (graph_.value(node.inputs[0]).dtype != DType::kF32) return false;
    const auto x = DequantizedOf(node.inputs[0]), y = DequantizedOf(node.inputs[1]);
    const Tail tail = TailOf(node.outputs[0]);
    if (!x && !y && !tail.to) return false;
    ops::QuantizedBinary op;
    op.kind = binary->kind;
    if (x) op.x_scale = x->scale.scale;
    if (x) op.x_zero = x->scale.zero;
    if (y) op.y_scale = y->scale.scale;
    if (y) op.y_zero = y->scale.zero;
    op.low = tail.low;
    op.high = tail.high;
    if (tail.to) op.to = tail.to->dtype;
    if (tail.to) op.scale = tail.to->scale;
    if (tail.to) op.zero = tail.to->zero;
    Replace(n, tail, op, {x ? x->bytes : node.inputs[0], y ? y->bytes : node.inputs[1]});
    return true;
  }

  // The input through which a node is a function of one element, or nothing.
  std::optional<size_t> OneElement(const Node& node) const {
    if (node.inputs.empty() || graph_.value(node.inputs[0]).dtype != DType::kF32)
      return std::nullopt;
    if (graph_.value(node.outputs[0]).dtype != DType::kF32 && !AsQuantized(graph_, node))
      return std::nullopt;
    if (std::holds_alternative<ops::Unary>(node.op) || std::holds_alternative<ops::Clip>(node.op) ||
        AsQuantized(graph_, node))
      return size_t{0};
    if (!std::holds_alternative<ops::Binary>(node.op)) return std::nullopt;
    for (size_t i = 0; i < 2; ++i) {  // rank 0: a higher rank could add dimensions
      if (ScalarConstant(graph_, node.inputs[1 - i], 0)) return i;
    }
    return std::nullopt;
  }

  // The table of the chain that ends in `last`, run on every byte there is.
  Result<Tensor> Table(const TensorScale& from, const std::vector<int32_t>& chain) {
    PICABIA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(DType::kF32, {256}));
    const int32_t least = from.dtype == DType::kI8 ? INT8_MIN : 0;
    for (int32_t i = 0; i < 256; ++i)
      t.MutableData<float>()[i] = static_cast<float>(i + least - from.zero) * from.scale;
    for (int32_t n : chain) {
      std::vector<Tensor> inputs;
      const size_t input = *OneElement(At(n));
      for (size_t i = 0; i < At(n).inputs.size(); ++i)
        inputs.push_back(i == input ? t : *graph_.value(At(n).inputs[i]).constant);
      PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> out, kernels::RunReference(At(n).op, inputs));
      t = std::move(out[0]);
    }
    return t;
  }

  Result<bool> FuseLookup(int32_t last) {
    std::vector<int32_t> chain{last};
    while (chain.size() <= kLongestChain) {
      const Node& first = At(chain.front());
      const auto input = OneElement(first);
      if (!input) return false;
      const ValueId x = first.inputs[*input];
      if (const auto from = DequantizedOf(x)) {
        PICABIA_ASSIGN_OR_RETURN(Tensor table, Table(from->scale, chain));
        const std::string name = names_.Make(graph_.value(At(last).outputs[0]).name + "/table");
        const ValueId t = graph_.AddConstant(name, std::move(table));
        Tail tail;
        tail.nodes.assign(chain.begin() + 1, chain.end());
        Replace(chain.front(), tail, ops::Lookup{}, {from->bytes, t});
        return true;
      }
      const Node* before = Producer(x);
      if (before == nullptr || readers_[static_cast<size_t>(x.index)] < 0) return false;
      chain.insert(chain.begin(), producers_[static_cast<size_t>(x.index)]);
    }
    return false;
  }

  ir::Graph& graph_;
  FreshNames names_;
  std::vector<int32_t> producers_;
  std::vector<int32_t> readers_;
  int rewrites_ = 0;
};

}  // namespace

Result<int> FuseQuantized(ir::Graph& graph) {
  if (!HasQuantization(graph)) return 0;
  PICABIA_ASSIGN_OR_RETURN(const int rewrites, Fuser(graph).Run());
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
