// act2(act(norm(conv(pad(x), w) + bias)) * post_scale + post_shift + residual) = ConvBlock
//
// Takes up, in this order and each at most once, what follows a convolution with a constant filter:
// + a constant of each channel, InstanceNorm (also with computed scale and shift), an activation, *
// and + a constant number, + a value of the same shape, an activation; and a Pad before it. A
// convolution with nothing around it becomes a ConvBlock, too; one in groups stays as it is. Run by
// the pipeline last.
//
// An inner value of a block must have one reader and not be a graph output. The block stands where
// the last of its nodes stood, so that whatever any of them reads is made before. A residual must
// be of the block's own shape for every picture: shapes are worked out symbolically
// (symbolic.h), and where they are not provably equal the addition, which might broadcast, stays.
// Where two convolutions meet in one addition, the later one takes it up.
//
// A Pad folds into the padding of a convolution that is not transposed and pads explicitly: zeros
// add up; a reflected or repeated edge takes the place of a padding of zero width. Nearest
// upsampling before it makes it a transposed one (upsample.h).
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "ops/repeat.h"
#include "passes/pass.h"
#include "passes/rewrite.h"
#include "passes/symbolic.h"
#include "passes/upsample.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;

// The convolution alone as a block, or nothing for another operator.
std::optional<ops::ConvBlock> BlockOf(const ops::Op& op) {
  ops::ConvBlock block;
  if (const auto* c = std::get_if<ops::Conv2D>(&op); c != nullptr && c->groups == 1) {
    block.window = c->window;
    return block;
  }
  if (const auto* c = std::get_if<ops::ConvTranspose2D>(&op); c != nullptr && c->groups == 1) {
    block.window = c->window;
    block.transposed = true;
    block.output_pads = c->output_pads;
    block.output_shrink = c->output_shrink;
    return block;
  }
  if (const auto* c = std::get_if<ops::Int8Conv2D>(&op)) {
    block.window = c->window;
    block.input_scale = c->input_scale;
    block.filter_scale = c->filter_scale;
    block.filter_scales = c->filter_scales;
    return block;
  }
  if (const auto* c = std::get_if<ops::Int8ConvTranspose2D>(&op)) {
    block.window = c->window;
    block.transposed = true;
    block.output_shrink = c->output_shrink;
    block.input_scale = c->input_scale;
    block.filter_scale = c->filter_scale;
    block.filter_scales = c->filter_scales;
    return block;
  }
  return std::nullopt;
}

ops::Activation ActivationOf(const ops::Op& op) {
  const auto* unary = std::get_if<ops::Unary>(&op);
  if (unary == nullptr) return ops::Activation::kNone;
  switch (unary->kind) {
    case ops::UnaryKind::kRelu:
      return ops::Activation::kRelu;
    case ops::UnaryKind::kTanh:
      return ops::Activation::kTanh;
    case ops::UnaryKind::kLeakyRelu:
      return ops::Activation::kLeakyRelu;
    default:
      return ops::Activation::kNone;
  }
}

// How far a block has come along its formula. A later part keeps the earlier ones from being taken.
enum Stage { kConv, kBias, kNorm, kActivation, kPostScale, kPostShift, kResidual, kActivation2 };

// A block that is being put together.
struct Draft {
  ops::ConvBlock op;
  Stage stage = kConv;
  int64_t channels = 0;
  ValueId x, filter, bias, norm_scale, norm_shift, residual;
  std::vector<int32_t>
      nodes;  // that it replaces besides the convolution; the last one gives its place
  ValueId output;
};

class BlockFuser {
 public:
  BlockFuser(ir::Graph& graph, bool exactly)
      : graph_(graph),
        exactly_(exactly),
        names_(graph),
        vectors_(graph, names_),
        producers_(ir::Producers(graph)),
        readers_(OnlyReaders(graph)),
        shapes_(SymbolicShapes(graph)) {}

  Result<int> Run() {
    int rewrites = 0;
    // From the last to the first: the later of two convolutions takes an addition up.
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      std::optional<Draft> draft = Begin(graph_.nodes[n]);
      if (!draft) continue;
      TakePad(*draft);
      while (TakeNext(*draft)) {
      }
      if (!exactly_ && draft->op.norm == ops::Norm::kNone)
        PICABIA_RETURN_IF_ERROR(TakeUpsampling(*draft));
      PICABIA_RETURN_IF_ERROR(Finish(*draft, static_cast<int32_t>(n)));
      ++rewrites;
    }
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
    return rewrites;
  }

 private:
  std::optional<Draft> Begin(const Node& node) const {
    const auto block = BlockOf(node.op);
    if (!block) return std::nullopt;
    const auto& filter = graph_.value(node.inputs[1]).constant;
    if (!filter || filter->shape().size() != 4 || filter->num_elements() == 0) return std::nullopt;
    Draft draft;
    draft.op = *block;
    draft.channels = filter->shape()[block->transposed ? 2 : 3];
    draft.x = node.inputs[0];
    draft.filter = node.inputs[1];
    draft.output = node.outputs[0];
    if (node.inputs.size() > 2) {
      if (!IsChannelVector(graph_, node.inputs[2], draft.channels)) return std::nullopt;
      draft.bias = node.inputs[2];
      draft.stage = kBias;
    }
    return draft;
  }

  void TakePad(Draft& draft) {
    const int32_t n = producers_[static_cast<size_t>(draft.x.index)];
    if (n < 0 || readers_[static_cast<size_t>(draft.x.index)] < 0) return;
    Node& node = graph_.nodes[static_cast<size_t>(n)];
    const auto* pad = std::get_if<ops::Pad>(&node.op);
    if (pad == nullptr || !FoldPad(*pad, draft.op)) return;
    draft.x = node.inputs[0];
    node.outputs.clear();
  }

  Status TakeUpsampling(Draft& draft) {
    const int32_t n = producers_[static_cast<size_t>(draft.x.index)];
    if (n < 0 || readers_[static_cast<size_t>(draft.x.index)] < 0) return OkStatus();
    Node& node = graph_.nodes[static_cast<size_t>(n)];
    const auto* resize = std::get_if<ops::Resize>(&node.op);
    const Tensor filter = *graph_.value(draft.filter).constant;
    if (resize == nullptr || node.inputs.size() != 1) return OkStatus();
    const auto factor = ops::RepeatFactor(*resize);
    if (!factor) return OkStatus();
    const auto block = WithoutUpsampling(draft.op, *factor, filter.shape());
    if (!block) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(Tensor transposed, TransposedFilter(filter, *factor));
    const float* w = transposed.data<float>();  // sums of huge weights may be none
    if (!std::all_of(w, w + transposed.num_elements(), [](float v) { return std::isfinite(v); }))
      return OkStatus();
    draft.op = *block;
    const std::string name = names_.Make(graph_.value(draft.filter).name + "/upsampled");
    draft.filter = graph_.AddConstant(name, std::move(transposed));
    draft.x = node.inputs[0];
    node.outputs.clear();
    return OkStatus();
  }

  static bool FoldPad(const ops::Pad& pad, ops::ConvBlock& op) {
    if (op.transposed || op.window.pad_kind != ops::PadKind::kExplicit) return false;
    if (pad.before.size() != 4 || pad.before[0] != 0 || pad.after[0] != 0 || pad.before[3] != 0 ||
        pad.after[3] != 0)
      return false;
    const std::array<int64_t, 4> widths{pad.before[1], pad.before[2], pad.after[1], pad.after[2]};
    std::array<int64_t, 4> sums{};
    if (std::any_of(widths.begin(), widths.end(), [](int64_t w) { return w < 0; })) return false;
    for (size_t i = 0; i < 4; ++i) {
      const auto sum = CheckedAdd(widths[i], op.window.pads[i]);
      if (!sum) return false;
      sums[i] = *sum;
    }
    const bool zeros = pad.mode == ops::PadMode::kConstant && pad.value == 0;
    const bool edge = pad.mode == ops::PadMode::kReflect || pad.mode == ops::PadMode::kEdge;
    if (!zeros && !(edge && op.window.pads == std::array<int64_t, 4>{})) return false;
    op.pad_mode = pad.mode;
    op.window.pads = sums;
    return true;
  }

  // Takes up the only reader of the block's output, if it is the next part of the formula.
  bool TakeNext(Draft& draft) {
    const int32_t n = readers_[static_cast<size_t>(draft.output.index)];
    if (n < 0) return false;
    const Node& node = graph_.nodes[static_cast<size_t>(n)];
    if (node.outputs.empty()) return false;  // part of another block already
    if (!TakeNorm(draft, node) && !TakeActivation(draft, node) && !TakeBinary(draft, node))
      return false;
    draft.output = node.outputs[0];
    draft.nodes.push_back(n);
    return true;
  }

  bool TakeNorm(Draft& draft, const Node& node) const {
    const auto* norm = std::get_if<ops::InstanceNorm>(&node.op);
    if (norm == nullptr || draft.stage >= kNorm || node.inputs[0] != draft.output) return false;
    for (size_t i = 1; i < 3; ++i) {
      if (!IsChannelVector(graph_, node.inputs[i], draft.channels) &&
          !IsComputedVector(node.inputs[i], draft.channels))
        return false;
    }
    draft.op.norm = ops::Norm::kInstance;
    draft.op.epsilon = norm->epsilon;
    draft.norm_scale = node.inputs[1];
    draft.norm_shift = node.inputs[2];
    draft.stage = kNorm;
    return true;
  }

  // Scale and shift of a conditional norm: one computed number a channel.
  bool IsComputedVector(ValueId id, int64_t channels) const {
    const auto v = static_cast<size_t>(id.index);
    return v < shapes_.size() && shapes_[v] && graph_.value(id).dtype == DType::kF32 &&
           *shapes_[v] == std::vector<Dim>{Dim{-1, channels}};
  }

  static bool TakeActivation(Draft& draft, const Node& node) {
    const ops::Activation activation = ActivationOf(node.op);
    if (activation == ops::Activation::kNone || draft.stage >= kActivation2) return false;
    if (activation == ops::Activation::kLeakyRelu) {
      const float alpha = std::get<ops::Unary>(node.op).alpha;
      // The two activations share one slope.
      const bool other = draft.op.activation == ops::Activation::kLeakyRelu;
      if (other && draft.op.alpha != alpha) return false;
      draft.op.alpha = alpha;
    }
    const bool first = draft.stage < kActivation;
    (first ? draft.op.activation : draft.op.activation2) = activation;
    draft.stage = first ? kActivation : kActivation2;
    return true;
  }

  bool TakeBinary(Draft& draft, const Node& node) {
    const auto* op = std::get_if<ops::Binary>(&node.op);
    if (op == nullptr || node.inputs[0] == node.inputs[1]) return false;
    const bool left = node.inputs[0] == draft.output;
    const ValueId other = node.inputs[left ? 1 : 0];
    const std::optional<float> number = ScalarConstant(graph_, other);
    switch (op->kind) {
      case ops::BinaryKind::kAdd:
        return TakeBias(draft, other) || (number && TakeShift(draft, *number)) ||
               TakeResidual(draft, other);
      case ops::BinaryKind::kSub:
        return left && number && TakeShift(draft, -*number);
      case ops::BinaryKind::kMul:
        if (!number || !std::isfinite(*number) || draft.stage >= kPostScale) return false;
        draft.op.post_scale = *number;
        draft.stage = kPostScale;
        return true;
      default:
        return false;
    }
  }

  bool TakeBias(Draft& draft, ValueId other) const {
    if (exactly_ || draft.stage >= kBias || !vectors_.Fits(other, draft.channels)) return false;
    draft.bias = other;
    draft.stage = kBias;
    return true;
  }

  static bool TakeShift(Draft& draft, float number) {
    if (!std::isfinite(number) || draft.stage >= kPostShift) return false;
    draft.op.post_shift = number;
    draft.stage = kPostShift;
    return true;
  }

  bool TakeResidual(Draft& draft, ValueId other) const {
    const auto& mine = shapes_[static_cast<size_t>(draft.output.index)];
    const auto o = static_cast<size_t>(other.index);
    if (draft.stage >= kResidual || o >= shapes_.size() || graph_.value(other).constant)
      return false;
    if (!mine || !shapes_[o] || *mine != *shapes_[o]) return false;
    draft.residual = other;
    draft.op.has_residual = true;
    draft.stage = kResidual;
    return true;
  }

  Status Finish(Draft& draft, int32_t conv) {
    std::vector<ValueId> inputs{draft.x, draft.filter};
    if (draft.bias.index >= 0) {
      draft.op.has_bias = true;
      PICABIA_ASSIGN_OR_RETURN(const ValueId bias, vectors_.Get(draft.bias, draft.channels));
      inputs.push_back(bias);
    }
    if (draft.op.norm == ops::Norm::kInstance) {
      inputs.push_back(draft.norm_scale);
      inputs.push_back(draft.norm_shift);
    }
    if (draft.op.has_residual) inputs.push_back(draft.residual);
    const int32_t last = draft.nodes.empty() ? conv : draft.nodes.back();
    graph_.nodes[static_cast<size_t>(conv)].outputs.clear();
    for (int32_t n : draft.nodes) graph_.nodes[static_cast<size_t>(n)].outputs.clear();
    Node& node = graph_.nodes[static_cast<size_t>(last)];
    node.op = draft.op;
    node.inputs = std::move(inputs);
    node.outputs = {draft.output};
    return OkStatus();
  }

  ir::Graph& graph_;
  bool exactly_;  // a sum that rounds on its own stays; so do weights
  FreshNames names_;
  ChannelVectors vectors_;
  std::vector<int32_t> producers_;
  std::vector<int32_t> readers_;
  std::vector<SymbolicShape> shapes_;
};

}  // namespace

namespace {

Result<int> Fuse(ir::Graph& graph, bool exactly) {
  PICABIA_ASSIGN_OR_RETURN(const int rewrites, BlockFuser(graph, exactly).Run());
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace

Result<int> FuseConvBlocks(ir::Graph& graph) { return Fuse(graph, false); }
Result<int> FuseConvBlocksExactly(ir::Graph& graph) { return Fuse(graph, true); }

}  // namespace picabia::passes
