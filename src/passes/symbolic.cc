// Shapes as far as the graph alone tells them. A dimension that is computed from an unknown one
// (the rows of a strided convolution) is an unknown that stands for the computation: the same
// computation gives the same unknown.
#include "passes/symbolic.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::passes {
namespace {

constexpr size_t kMaxRank = 8;  // larger ranks count as unknown: they only cost memory here

// What a computed unknown stands for; the first entry of its key.
enum Computation : int64_t { kConv, kConvTranspose, kResize };

class Inference {
 public:
  explicit Inference(const ir::Graph& graph) : graph_(graph), shapes_(graph.values.size()) {}

  std::vector<SymbolicShape> Run() {
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (graph_.values[i].constant) shapes_[i] = Declared(graph_.values[i].constant->shape());
    }
    for (ir::ValueId id : graph_.inputs) {
      const auto& declared = graph_.value(id).declared_shape;
      if (declared) Of(id) = Declared(*declared);
    }
    for (const ir::Node& node : graph_.nodes) {
      node_ = &node;
      SymbolicShape shape = std::visit(*this, node.op);
      if (shape && shape->size() > kMaxRank) shape.reset();
      Of(node.outputs[0]) = std::move(shape);
    }
    return std::move(shapes_);
  }

  SymbolicShape operator()(const ops::Conv2D& op) { return Conv(op.window); }
  SymbolicShape operator()(const ops::Int8Conv2D& op) { return Conv(op.window); }
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
    for (size_t i = 0; i < In(0)->size(); ++i) {
      const bool reduced =
          std::binary_search(op.axes.begin(), op.axes.end(), static_cast<int64_t>(i));
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
  SymbolicShape operator()(const ops::ResizeNearest& op) {
    if (!In(0) || In(0)->size() != 4) return std::nullopt;
    std::vector<Dim> y = *In(0);
    for (size_t a = 0; a < 2; ++a) {
      const Dim x = y[a + 1];
      y[a + 1] = Computed({kResize, x.symbol, x.offset, std::bit_cast<int32_t>(op.scales[a])});
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
      const bool kept = op.shape[i] == 0 && In(0) && i < In(0)->size();
      if (kept) {
        y.push_back((*In(0))[i]);
      } else {
        y.push_back(op.shape[i] > 0 ? Number(op.shape[i]) : Unknown());
      }
    }
    return y;
  }

 private:
  SymbolicShape& Of(ir::ValueId id) { return shapes_[static_cast<size_t>(id.index)]; }
  const SymbolicShape& In(size_t i) { return Of(node_->inputs[i]); }

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
  std::map<std::vector<int64_t>, int32_t> computed_;
  int32_t next_symbol_ = 0;
};

}  // namespace

std::vector<SymbolicShape> SymbolicShapes(const ir::Graph& graph) { return Inference(graph).Run(); }

}  // namespace picabia::passes
