// Cambricon's integer convolutions in terms of the one that device cpu computes, with 8 bits and
// one scale:
//
//   Int8Conv2D(x, w) with scales s_m  =  Int8Conv2D(x, w) with scale 1, over s_m
//
// and one of 16 bits by its digits, which the 8-bit operator multiplies exactly:
//
//   n = 256 * (upper + excess) + lower     upper and lower in -128..127, excess 0 or 1
//
// where only numbers above 127 * 256 + 127 have an excess. Run by the pipeline for device cpu, when
// filters are constants and before anything is fused.
#include <algorithm>
#include <utility>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;
using ops::BinaryKind;

// A convolution as its node describes it.
struct Integer {
  ops::Window window;
  bool transposed = false;
  std::array<int64_t, 2> output_shrink{0, 0};
  float input_scale = 1, filter_scale = 1;
  std::vector<float> filter_scales;

  // The same in 8 bits.
  ops::Op Op(float of_input, float of_filter) const {
    if (transposed) return ops::Int8ConvTranspose2D{window, output_shrink, of_input, of_filter, {}};
    return ops::Int8Conv2D{window, of_input, of_filter, {}};
  }
};

std::optional<Integer> IntegerOf(const ops::Op& op) {
  if (const auto* c = std::get_if<ops::Int8Conv2D>(&op))
    return Integer{c->window, false, {0, 0}, c->input_scale, c->filter_scale, c->filter_scales};
  if (const auto* c = std::get_if<ops::Int8ConvTranspose2D>(&op))
    return Integer{c->window,       true, c->output_shrink, c->input_scale, c->filter_scale,
                   c->filter_scales};
  return std::nullopt;
}

// Adds the nodes that stand for one.
class Splitter {
 public:
  Splitter(ir::Graph& graph, FreshNames& names, Node node, Integer integer)
      : graph_(graph), names_(names), node_(std::move(node)), c_(std::move(integer)) {}

  Status Run() {
    const bool wide = graph_.value(node_.inputs[1]).dtype == DType::kI16;
    if (!wide) {
      return Finish(Step("sum", c_.Op(c_.input_scale, 1), {node_.inputs[0], node_.inputs[1]}),
                    c_.filter_scales);
    }
    if (!graph_.value(node_.inputs[1]).constant)
      return Unsupported("node '" + node_.name + "': its int16 filter is not a constant");
    PICABIA_ASSIGN_OR_RETURN(const ValueId sum, WideSum());
    std::vector<float> divisors;
    for (const float scale :
         c_.filter_scales.empty() ? std::vector<float>{c_.filter_scale} : c_.filter_scales)
      divisors.push_back(c_.input_scale * scale);
    return Finish(sum, divisors);
  }

 private:
  struct Digits {
    ValueId upper, lower, excess;
    bool has_excess = true;
  };

  ValueId Step(const char* what, ops::Op op, std::vector<ValueId> inputs) {
    return graph_.AddNode(names_.Make(node_.name + "/" + what), std::move(op), std::move(inputs));
  }

  Result<ValueId> Numbers(const char* what, Shape shape, const std::vector<float>& values) {
    PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::From<float>(std::move(shape), values));
    return graph_.AddConstant(names_.Make(node_.name + "/" + what), std::move(tensor));
  }

  // A step with one constant.
  Result<ValueId> With(const char* what, BinaryKind kind, ValueId x, float constant) {
    PICABIA_ASSIGN_OR_RETURN(const ValueId number, Numbers(what, {}, {constant}));
    return Step(what, ops::Binary{kind}, {x, number});
  }

  // The node's value: the sum over the scales that are left.
  Status Finish(ValueId sum, const std::vector<float>& by) {
    const auto count = static_cast<int64_t>(by.size());
    PICABIA_ASSIGN_OR_RETURN(const ValueId divisor,
                             Numbers("scales", count == 1 ? Shape{} : Shape{count}, by));
    node_.op = ops::Binary{BinaryKind::kDiv};
    node_.inputs = {sum, divisor};
    graph_.nodes.push_back(std::move(node_));
    return OkStatus();
  }

  Result<Digits> SplitFilter(const Tensor& filter) {
    std::vector<int8_t> upper, lower, excess;
    for (int64_t i = 0; i < filter.num_elements(); ++i) {
      const int value = filter.data<int16_t>()[i];
      const int whole = (value + 128) >> 8;
      upper.push_back(static_cast<int8_t>(std::min(whole, 127)));
      excess.push_back(static_cast<int8_t>(whole - upper.back()));
      lower.push_back(static_cast<int8_t>(value - 256 * whole));
    }
    Digits digits;
    digits.has_excess = std::any_of(excess.begin(), excess.end(), [](int8_t v) { return v != 0; });
    const auto add = [&](const char* what, const std::vector<int8_t>& values) -> Result<ValueId> {
      PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::From<int8_t>(filter.shape(), values));
      return graph_.AddConstant(names_.Make(node_.name + "/" + what), std::move(tensor));
    };
    PICABIA_ASSIGN_OR_RETURN(digits.upper, add("filter_upper", upper));
    PICABIA_ASSIGN_OR_RETURN(digits.lower, add("filter_lower", lower));
    if (digits.has_excess) {
      PICABIA_ASSIGN_OR_RETURN(digits.excess, add("filter_excess", excess));
    }
    return digits;
  }

  Result<Digits> SplitInput(ValueId x) {
    PICABIA_ASSIGN_OR_RETURN(const ValueId scaled,
                             With("scaled", BinaryKind::kMul, x, c_.input_scale));
    const ValueId rounded = Step("rounded", ops::Unary{ops::UnaryKind::kRound, 0}, {scaled});
    const ValueId value = Step("integers", ops::Clip{-32768, 32767}, {rounded});
    PICABIA_ASSIGN_OR_RETURN(const ValueId moved, With("moved", BinaryKind::kAdd, value, 128));
    PICABIA_ASSIGN_OR_RETURN(const ValueId share,
                             With("share", BinaryKind::kMul, moved, 1.f / 256));
    Digits digits;
    digits.upper = Step("upper", ops::Unary{ops::UnaryKind::kFloor, 0}, {share});
    PICABIA_ASSIGN_OR_RETURN(const ValueId whole,
                             With("whole", BinaryKind::kMul, digits.upper, 256));
    digits.lower = Step("lower", ops::Binary{BinaryKind::kSub}, {value, whole});
    PICABIA_ASSIGN_OR_RETURN(const ValueId beyond,
                             With("beyond", BinaryKind::kSub, digits.upper, 127));
    digits.excess = Step("excess", ops::Unary{ops::UnaryKind::kRelu, 0}, {beyond});
    return digits;  // the operator cuts `upper` at 127
  }

  // The sum of the convolutions of these pairs of digits.
  ValueId SumOf(const std::vector<std::pair<ValueId, ValueId>>& pairs) {
    ValueId sum;
    for (const auto& [x, filter] : pairs) {
      const ValueId y = Step("product", c_.Op(1, 1), {x, filter});
      sum = sum.index < 0 ? y : Step("sum", ops::Binary{BinaryKind::kAdd}, {sum, y});
    }
    return sum;
  }

  Result<ValueId> WideSum() {
    const Tensor filter = *graph_.value(node_.inputs[1]).constant;
    PICABIA_ASSIGN_OR_RETURN(const Digits f, SplitFilter(filter));
    PICABIA_ASSIGN_OR_RETURN(const Digits i, SplitInput(node_.inputs[0]));
    std::vector<std::pair<ValueId, ValueId>> high{{i.upper, f.upper}, {i.excess, f.upper}};
    std::vector<std::pair<ValueId, ValueId>> middle{
        {i.upper, f.lower}, {i.excess, f.lower}, {i.lower, f.upper}};
    if (f.has_excess) {
      high.insert(high.end(), {{i.upper, f.excess}, {i.excess, f.excess}});
      middle.push_back({i.lower, f.excess});
    }
    ValueId sum = SumOf(high);
    for (const auto& pairs : {middle, {{i.lower, f.lower}}}) {
      PICABIA_ASSIGN_OR_RETURN(sum, With("times256", BinaryKind::kMul, sum, 256));
      sum = Step("sum", ops::Binary{BinaryKind::kAdd}, {sum, SumOf(pairs)});
    }
    return sum;
  }

  ir::Graph& graph_;
  FreshNames& names_;
  Node node_;
  Integer c_;
};

}  // namespace

Result<int> SplitIntegerConvolutions(ir::Graph& graph) {
  FreshNames names(graph);
  std::vector<Node> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  int rewrites = 0;
  for (Node& node : nodes) {
    std::optional<Integer> integer = IntegerOf(node.op);
    const bool splits = integer && (!integer->filter_scales.empty() ||
                                    graph.value(node.inputs[1]).dtype == DType::kI16);
    if (!splits) {
      graph.nodes.push_back(std::move(node));
      continue;
    }
    PICABIA_RETURN_IF_ERROR(Splitter(graph, names, std::move(node), *std::move(integer)).Run());
    ++rewrites;
  }
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
