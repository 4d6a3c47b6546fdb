// Shapes as far as the graph alone tells them. A dimension that is computed from an unknown one
// (the rows of a strided convolution) is an unknown that stands for the computation: the same
// computation gives the same unknown.
#include "passes/symbolic.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/checked.h"
#include "ops/parameters.h"

namespace picabia::passes {
namespace {

constexpr size_t kMaxSizes = 32;  // numbers of a vector of sizes
constexpr size_t kMaxRank = 8;    // larger ranks count as unknown: they only cost memory here

// What a computed unknown stands for; the first entry of its key.
enum Computation : int64_t { kConv, kConvTranspose, kResize, kPool, kTimes, kOver };

class Inference {
 public:
  explicit Inference(const ir::Graph& graph)
      : graph_(graph), shapes_(graph.values.size()), values_(graph.values.size()) {}

  std::vector<SymbolicShape> Run() {
    for (size_t i = 0; i < shapes_.size(); ++i) {
      const auto& constant = graph_.values[i].constant;
      if (!constant) continue;
      shapes_[i] = Declared(constant->shape());
      values_[i] = NumbersOf(*constant);
    }
    for (ir::ValueId id : graph_.inputs) {
      const auto& declared = graph_.value(id).declared_shape;
      if (declared) Of(id) = Declared(*declared);
    }
    for (const ir::Node& node : graph_.nodes) {
      node_ = &node;
      const bool parameters = ops::HasParameters(node.op, node.inputs.size());
      SymbolicShape shape = parameters ? WithParameters() : std::visit(*this, node.op);
      if (shape && shape->size() > kMaxRank) shape.reset();
      Of(node.outputs[0]) = std::move(shape);
      values_[static_cast<size_t>(node.outputs[0].index)] = Contents();
    }
    return std::move(shapes_);
  }

  // Operators of which no pass asks.
  template <typename T>
  SymbolicShape operator()(const T&) {
    return std::nullopt;
  }

  SymbolicShape operator()(const ops::Cast&) { return In(0); }
  SymbolicShape operator()(const ops::Softmax&) { return In(0); }
  SymbolicShape operator()(const ops::Normalize&) { return In(0); }
  SymbolicShape operator()(const ops::QuantizeLinear&) { return In(0); }
  SymbolicShape operator()(const ops::DequantizeLinear&) { return In(0); }
  SymbolicShape operator()(const ops::QuantizedBinary&) { return Broadcast(In(0), In(1)); }
  SymbolicShape operator()(const ops::Lookup&) { return In(0); }
  SymbolicShape operator()(const ops::Where&) { return Broadcast(In(0), Broadcast(In(1), In(2))); }
  SymbolicShape operator()(const ops::Pool2D& op) {
    if (!In(0) || In(0)->size() != 4) return std::nullopt;
    std::vector<Dim> y = *In(0);
    for (size_t a = 0; a < 2; ++a) {
      const Dim x = y[a + 1];
      const bool shifts = op.window.strides[a] == 1;  // by a number that any fair size tells
      const int64_t probe = x.IsNumber() ? x.offset : int64_t{1} << 40;
      const auto extent = ops::PoolExtent(op, static_cast<int>(a), probe);
      if (!extent.ok()) {
        y[a + 1] = Unknown();
      } else if (x.IsNumber()) {
        y[a + 1] = Number(extent->output);
      } else if (shifts) {
        y[a + 1] = Plus(x, extent->output - probe);
      } else {
        y[a + 1] = Computed({kPool, x.symbol, x.offset, op.kernel[a], op.window.strides[a],
                             op.window.dilations[a], static_cast<int64_t>(op.window.pad_kind),
                             op.window.pads[a], op.window.pads[a + 2], op.ceil_mode ? 1 : 0});
      }
    }
    return y;
  }
  SymbolicShape operator()(const ops::Squeeze& op) {
    if (!In(0) || op.axes.empty()) return std::nullopt;
    std::vector<Dim> y;
    for (size_t i = 0; i < In(0)->size(); ++i) {
      if (!IsIn(op.axes, i)) y.push_back((*In(0))[i]);
    }
    return y;
  }
  SymbolicShape operator()(const ops::Unsqueeze& op) {
    if (!In(0)) return std::nullopt;
    const size_t rank = In(0)->size() + op.axes.size();
    std::vector<Dim> y;
    for (size_t i = 0, from = 0; i < rank; ++i) {
      const bool added = IsIn(op.axes, i);
      if (!added && from >= In(0)->size()) return std::nullopt;
      y.push_back(added ? Number(1) : (*In(0))[from++]);
    }
    return y;
  }
  SymbolicShape operator()(const ops::Expand& op) { return Broadcast(In(0), Declared(op.shape)); }
  SymbolicShape operator()(const ops::Concat& op) {
    const auto axis = static_cast<size_t>(op.axis);
    SymbolicShape y = In(0);
    if (!y || axis >= y->size()) return std::nullopt;
    for (size_t i = 1; i < node_->inputs.size(); ++i) {
      const SymbolicShape& part = In(i);
      const bool known = part && axis < part->size();
      const Dim a = (*y)[axis], b = known ? (*part)[axis] : Unknown();
      (*y)[axis] = b.IsNumber() ? Plus(a, b.offset) : a.IsNumber() ? Plus(b, a.offset) : Unknown();
    }
    return y;
  }
  SymbolicShape operator()(const ops::Split& op) {
    const auto axis = static_cast<size_t>(op.axis);
    SymbolicShape y = In(0);
    if (!y || axis >= y->size()) return std::nullopt;
    Dim& d = (*y)[axis];
    if (!op.sizes.empty()) {
      d = Number(op.sizes[static_cast<size_t>(op.index)]);
    } else if (d.IsNumber() && d.offset % op.parts == 0) {
      d = Number(d.offset / op.parts);
    } else {
      d = Unknown();
    }
    return y;
  }
  SymbolicShape operator()(const ops::Slice& op) {
    SymbolicShape y = In(0);
    if (!y) return std::nullopt;
    Shape probe;
    for (const Dim& d : *y) probe.push_back(d.IsNumber() ? d.offset : 0);
    const auto extents = ops::ResolveSlice(op, probe);
    if (!extents.ok()) return std::nullopt;
    for (size_t i = 0; i < op.starts.size(); ++i) {
      const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
      Dim& d = (*y)[axis];
      d = d.IsNumber() ? Number((*extents)[axis].count) : Unknown();
    }
    return y;
  }
  SymbolicShape operator()(const ops::Gather& op) {
    const auto axis = static_cast<size_t>(op.axis);
    if (!In(0) || !In(1) || axis >= In(0)->size()) return std::nullopt;
    std::vector<Dim> y(In(0)->begin(), In(0)->begin() + op.axis);
    y.insert(y.end(), In(1)->begin(), In(1)->end());
    y.insert(y.end(), In(0)->begin() + op.axis + 1, In(0)->end());
    return y;
  }
  SymbolicShape operator()(const ops::ShapeOf& op) {
    if (!In(0)) return std::vector<Dim>{Unknown()};
    const ops::TensorType x{DType::kF32, Shape(In(0)->size(), 1)};
    const auto type = ops::InferOutputs(op, std::span(&x, 1));
    return type.ok() ? Declared((*type)[0].shape) : std::nullopt;
  }
  SymbolicShape operator()(const ops::DepthToSpace& op) { return Blocks(kTimes, kOver, op.block); }
  SymbolicShape operator()(const ops::SpaceToDepth& op) { return Blocks(kOver, kTimes, op.block); }

  SymbolicShape operator()(const ops::Conv2D& op) { return Conv(op.window); }
  SymbolicShape operator()(const ops::Int8Conv2D& op) { return Conv(op.window); }
  SymbolicShape operator()(const ops::QuantizedConv2D& op) { return Conv(op.window); }
  SymbolicShape operator()(const ops::ConvTranspose2D& op) { return ConvTranspose(op); }
  SymbolicShape operator()(const ops::Int8ConvTranspose2D& op) {
    return ConvTranspose({op.window, {0, 0}, op.output_shrink, 1});
  }
  SymbolicShape operator()(const ops::ConvBlock& op) {
    if (!op.transposed) return Conv(op.window);
    return ConvTranspose({op.window, op.output_pads, op.output_shrink, 1});
  }
  SymbolicShape operator()(const ops::InstanceNorm&) { return In(0); }
  SymbolicShape operator()(const ops::BatchNorm&) { return In(0); }
  SymbolicShape operator()(const ops::Identity&) { return In(0); }
  SymbolicShape operator()(const ops::Unary&) { return In(0); }
  SymbolicShape operator()(const ops::Clip&) { return In(0); }
  SymbolicShape operator()(const ops::Binary&) { return Broadcast(In(0), In(1)); }
  SymbolicShape operator()(const ops::PowerDifference&) { return Broadcast(In(0), In(1)); }
  SymbolicShape operator()(const ops::Reduce& op) {
    if (!In(0)) return std::nullopt;
    std::vector<Dim> y;
    const bool all = op.axes.empty() && op.empty_is_all;
    for (size_t i = 0; i < In(0)->size(); ++i) {
      const bool reduced = all || IsIn(op.axes, i);
      if (!reduced) y.push_back((*In(0))[i]);
      if (reduced && op.keep_dims) y.push_back(Number(1));
    }
    return y;
  }
  SymbolicShape operator()(const ops::Pad& op) {
    if (!In(0) || In(0)->size() != op.before.size()) return std::nullopt;
    std::vector<Dim> y = *In(0);
    for (size_t i = 0; i < y.size(); ++i) y[i] = Plus(Plus(y[i], op.before[i]), op.after[i]);
    return y;
  }
  SymbolicShape operator()(const ops::Resize& op) {
    if (!In(0)) return std::nullopt;
    std::vector<Dim> y = *In(0);
    Shape probe;
    for (const Dim& d : y) probe.push_back(d.IsNumber() ? d.offset : 1);
    const auto extents = ops::ResolveResize(op, probe);
    if (!extents.ok()) return std::nullopt;
    for (size_t i = 0; i < y.size(); ++i) {
      const ops::ResizeExtent& e = (*extents)[i];
      const bool by_scale = op.sizes.empty();
      if (y[i].IsNumber() || (!by_scale && op.aspect_policy == ops::AspectPolicy::kStretch)) {
        const bool listed = op.axes.empty() || Contains(op.axes, i);
        if (listed) y[i] = Number(e.output);
      } else if (!by_scale) {
        y[i] = Unknown();
      } else if (e.scale != 1) {
        y[i] = Computed({kResize, y[i].symbol, y[i].offset, std::bit_cast<int32_t>(e.scale)});
      }
    }
    return y;
  }
  SymbolicShape operator()(const ops::Transpose& op) {
    if (!In(0) || In(0)->size() != op.perm.size()) return std::nullopt;
    std::vector<Dim> y;
    for (int64_t p : op.perm) y.push_back((*In(0))[static_cast<size_t>(p)]);
    return y;
  }
  SymbolicShape operator()(const ops::Reshape& op) {
    std::vector<Dim> y;
    if (op.shape.size() > kMaxRank) return std::nullopt;
    for (size_t i = 0; i < op.shape.size(); ++i) {
      const bool kept = op.shape[i] == 0 && !op.allow_zero && In(0) && i < In(0)->size();
      if (kept) {
        y.push_back((*In(0))[i]);
      } else {
        y.push_back(op.shape[i] > 0 ? Number(op.shape[i]) : Unknown());
      }
    }
    if (const auto numbers = Numbers(In(0))) {  // the rule knows what -1 stands for
      const ops::TensorType x{DType::kF32, *numbers};
      const auto type = ops::InferOutputs(op, std::span(&x, 1));
      if (type.ok()) return Declared((*type)[0].shape);
    }
    return y;
  }

 private:
  SymbolicShape& Of(ir::ValueId id) { return shapes_[static_cast<size_t>(id.index)]; }
  const SymbolicShape& In(size_t i) { return Of(node_->inputs[i]); }

  // The dimensions, where all of them are numbers.
  static std::optional<Shape> Numbers(const SymbolicShape& shape) {
    if (!shape) return std::nullopt;
    Shape numbers;
    for (const Dim& d : *shape) {
      if (!d.IsNumber()) return std::nullopt;
      numbers.push_back(d.offset);
    }
    return numbers;
  }

  static Dim Number(int64_t n) { return {-1, n}; }
  Dim Unknown() { return {next_symbol_++, 0}; }
  // The unknown that stands for this computation.
  Dim Computed(std::vector<int64_t> key) {
    const auto [at, fresh] = computed_.emplace(std::move(key), next_symbol_);
    if (fresh) ++next_symbol_;
    return {at->second, 0};
  }
  Dim Plus(Dim d, int64_t n) {
    const auto sum = CheckedAdd(d.offset, n);
    return sum ? Dim{d.symbol, *sum} : Unknown();
  }

  SymbolicShape Declared(const Shape& shape) {
    if (shape.size() > kMaxRank) return std::nullopt;
    std::vector<Dim> y;
    for (int64_t d : shape) y.push_back(d < 0 ? Unknown() : Number(d));
    return y;
  }

  static bool IsIn(const std::vector<int64_t>& sorted, size_t axis) {
    return std::binary_search(sorted.begin(), sorted.end(), static_cast<int64_t>(axis));
  }
  static bool Contains(const std::vector<int64_t>& list, size_t axis) {
    return std::find(list.begin(), list.end(), static_cast<int64_t>(axis)) != list.end();
  }

  // `space` happens to height and width, `depth` twice to the channels.
  SymbolicShape Blocks(Computation space, Computation depth, int64_t block) {
    if (!In(0) || In(0)->size() != 4) return std::nullopt;
    std::vector<Dim> y = *In(0);
    for (size_t i = 1; i < 3; ++i) y[i] = Scaled(space, y[i], block);
    y[3] = Scaled(depth, y[3], block * block);
    return y;
  }
  Dim Scaled(Computation how, Dim d, int64_t factor) {
    if (!d.IsNumber()) return Computed({how, d.symbol, d.offset, factor});
    if (how == kOver) return Number(d.offset / factor);
    const auto product = CheckedMul(d.offset, factor);
    return product ? Number(*product) : Unknown();
  }

  // The numbers of a small constant that may be sizes.
  static SymbolicShape NumbersOf(const Tensor& t) {
    if (t.rank() > 1 || t.num_elements() > static_cast<int64_t>(kMaxSizes)) return std::nullopt;
    if (t.dtype() != DType::kI64 && t.dtype() != DType::kI32) return std::nullopt;
    const auto numbers = IntegerValues(t);
    std::vector<Dim> dims;
    for (int64_t n : *numbers) dims.push_back(Number(n));
    return dims;
  }
  const SymbolicShape& ValueOf(size_t i) const {
    return values_[static_cast<size_t>(node_->inputs[i].index)];
  }

  // The contents of the node's output, where it is put together from sizes.
  SymbolicShape Contents() {
    const ops::Op& op = node_->op;
    if (const auto* shape_of = std::get_if<ops::ShapeOf>(&op)) {
      const SymbolicShape& y = Of(node_->outputs[0]);
      if (!In(0) || !y || !y->at(0).IsNumber()) return std::nullopt;
      const auto first =
          In(0)->begin() + static_cast<std::ptrdiff_t>(ops::FirstAxis(*shape_of, In(0)->size()));
      return std::vector<Dim>(first, first + y->at(0).offset);
    }
    if (std::holds_alternative<ops::Concat>(op)) {
      std::vector<Dim> all;
      for (size_t i = 0; i < node_->inputs.size(); ++i) {
        if (!ValueOf(i) || all.size() > kMaxSizes) return std::nullopt;
        all.insert(all.end(), ValueOf(i)->begin(), ValueOf(i)->end());
      }
      return all;
    }
    if (node_->inputs.empty() || !ValueOf(0)) return std::nullopt;
    const std::vector<Dim>& x = *ValueOf(0);
    const auto* cast = std::get_if<ops::Cast>(&op);
    const bool same = std::holds_alternative<ops::Identity>(op) ||
                      std::holds_alternative<ops::Unsqueeze>(op) ||
                      std::holds_alternative<ops::Squeeze>(op) ||
                      (cast != nullptr && (cast->to == DType::kI64 || cast->to == DType::kI32));
    const SymbolicShape& y = Of(node_->outputs[0]);
    if (same) return y && y->size() <= 1 ? SymbolicShape(x) : std::nullopt;
    if (std::holds_alternative<ops::Gather>(op) && ValueOf(1)) return Picked(x, *ValueOf(1));
    const auto* slice = std::get_if<ops::Slice>(&op);
    if (slice == nullptr || node_->inputs.size() != 1 || slice->starts.size() != 1)
      return std::nullopt;
    const auto extents = ops::ResolveSlice(*slice, {static_cast<int64_t>(x.size())});
    if (!extents.ok()) return std::nullopt;
    std::vector<Dim> at;
    const ops::SliceExtent& e = (*extents)[0];
    for (int64_t i = 0; i < e.count; ++i) at.push_back(Number(e.start + i * e.step));
    return Picked(x, at);
  }

  static SymbolicShape Picked(const std::vector<Dim>& from, const std::vector<Dim>& at) {
    std::vector<Dim> picked;
    for (const Dim& index : at) {
      const int64_t size = static_cast<int64_t>(from.size());
      const int64_t i = index.offset < 0 ? index.offset + size : index.offset;
      if (!index.IsNumber() || i < 0 || i >= size) return std::nullopt;
      picked.push_back(from[static_cast<size_t>(i)]);
    }
    return picked;
  }

  // Of operators whose parameters are computed: their rank, and what sizes tell.
  SymbolicShape WithParameters() {
    const SymbolicShape& sizes = ValueOf(1);
    if (std::holds_alternative<ops::Reshape>(node_->op) && sizes) {
      std::vector<Dim> y = *sizes;
      for (size_t i = 0; i < y.size(); ++i) {
        const bool kept = y[i] == Number(0) && In(0) && i < In(0)->size();
        if (kept) y[i] = (*In(0))[i];
        if (y[i].IsNumber() && y[i].offset < 0) y[i] = Unknown();
      }
      return y;
    }
    if (std::holds_alternative<ops::Expand>(node_->op) && sizes) return Broadcast(In(0), *sizes);
    if (!In(0)) return std::nullopt;
    const bool keeps_rank = std::holds_alternative<ops::Pad>(node_->op) ||
                            std::holds_alternative<ops::Slice>(node_->op) ||
                            std::holds_alternative<ops::Tile>(node_->op) ||
                            std::holds_alternative<ops::Split>(node_->op) ||
                            std::holds_alternative<ops::SpaceToBatch>(node_->op) ||
                            std::holds_alternative<ops::BatchToSpace>(node_->op) ||
                            std::holds_alternative<ops::Resize>(node_->op);
    if (!keeps_rank) return std::nullopt;
    std::vector<Dim> y(In(0)->size());
    for (Dim& d : y) d = Unknown();
    const auto* resize = std::get_if<ops::Resize>(&node_->op);
    if (resize == nullptr || !sizes || resize->aspect_policy != ops::AspectPolicy::kStretch)
      return y;
    if (!resize->axes.empty()) y = *In(0);
    for (size_t i = 0; i < sizes->size(); ++i) {
      const size_t axis = resize->axes.empty() ? i : static_cast<size_t>(resize->axes[i]);
      if (axis < y.size()) y[axis] = (*sizes)[i];
    }
    return y;
  }

  // Rows or columns of a convolution or, with `transposed`, of its gradient.
  Dim WindowDim(const ops::ConvTranspose2D& op, bool transposed, int axis, Dim x, Dim kernel) {
    if (!kernel.IsNumber()) return Unknown();
    const auto a = static_cast<size_t>(axis);
    const ops::Window& w = op.window;
    const int64_t pad = op.output_pads[a], shrink = op.output_shrink[a];
    // With stride 1 the output is the input plus a number, which some input of fair size tells.
    constexpr int64_t kProbe = int64_t{1} << 40;
    const int64_t probe = x.IsNumber() ? x.offset : kProbe;
    const auto extent = transposed
                            ? ops::ConvTransposeExtent(w, axis, probe, kernel.offset, pad, shrink)
                            : ops::ConvExtent(w, axis, probe, kernel.offset);
    if (!extent.ok()) return Unknown();
    if (x.IsNumber()) return Number(extent->output);
    if (w.strides[a] == 1) return Plus(x, extent->output - probe);
    return Computed({transposed ? kConvTranspose : kConv, x.symbol, x.offset, w.strides[a],
                     w.dilations[a], kernel.offset, static_cast<int64_t>(w.pad_kind), w.pads[a],
                     w.pads[a + 2], pad, shrink});
  }

  SymbolicShape Window(const ops::ConvTranspose2D& op, bool transposed) {
    if (!In(1) || In(1)->size() != 4) return std::nullopt;
    std::vector<Dim> x = In(0).value_or(std::vector<Dim>{});
    if (x.size() != 4) x = {Unknown(), Unknown(), Unknown(), Unknown()};
    const std::vector<Dim>& f = *In(1);
    Dim channels = f[transposed ? 2 : 3];
    if (transposed && op.groups != 1) channels = Unknown();
    return std::vector<Dim>{x[0], WindowDim(op, transposed, 0, x[1], f[0]),
                            WindowDim(op, transposed, 1, x[2], f[1]), channels};
  }
  SymbolicShape Conv(const ops::Window& window) { return Window({window, {}, {}, 1}, false); }
  SymbolicShape ConvTranspose(const ops::ConvTranspose2D& op) { return Window(op, true); }

  Dim BroadcastDim(Dim a, Dim b) {
    if (a == b || b == Number(1)) return a;
    if (a == Number(1)) return b;
    if (a.IsNumber()) return a;  // b is 1 or the same, or the run fails
    if (b.IsNumber()) return b;
    return Unknown();
  }

  SymbolicShape Broadcast(const SymbolicShape& a, const SymbolicShape& b) {
    if (!a || !b) return std::nullopt;
    std::vector<Dim> y(std::max(a->size(), b->size()), Number(1));
    for (size_t i = 0; i < y.size(); ++i) {  // i counts from the last dimension
      const Dim u = i < a->size() ? (*a)[a->size() - 1 - i] : Number(1);
      const Dim v = i < b->size() ? (*b)[b->size() - 1 - i] : Number(1);
      y[y.size() - 1 - i] = BroadcastDim(u, v);
    }
    return y;
  }

  const ir::Graph& graph_;
  const ir::Node* node_ = nullptr;
  std::vector<SymbolicShape> shapes_;
  std::vector<SymbolicShape> values_;  // contents of small integer vectors that are sizes
  std::map<std::vector<int64_t>, int32_t> computed_;
  int32_t next_symbol_ = 0;
};

}  // namespace

std::vector<SymbolicShape> SymbolicShapes(const ir::Graph& graph) { return Inference(graph).Run(); }

}  // namespace picabia::passes
