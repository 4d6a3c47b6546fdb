// Grows the graph that an importer returns: values with their names, types at the size that the
// model was frozen at, constants seen through Identity, and the transposes around spatial operators
// of other layouts. Used by the importers and their operator converters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "import/names.h"
#include "ir/graph.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::import {

// Where a 4-d tensor has its channels.
enum class Layout { kNhwc, kNchw };

// What a free dimension is taken for where only ranks and types are asked for; a multiple of the
// usual strides, so that shape rules are likely to hold.
constexpr int64_t kProbeSize = 256;

class Builder {
 public:
  // `names`: all names of values in the file, which names made up here must not meet.
  Builder(std::string source, std::string format, const NameIndex& names);

  // A picture input (rank 4, float32, 1, 3 or 4 channels where `preferred` or else the other layout
  // has them) is declared free of batch, height and width, and remembers the size that it was
  // frozen at, so that a graph frozen at one size runs at any size.
  ir::ValueId AddInput(std::string name, DType dtype, std::optional<Shape> shape, Layout preferred);
  ir::ValueId AddConstant(std::string name, Tensor tensor);
  // The value's type comes from the operator's shape rule at the frozen size, which also refuses
  // what cannot work there. Parameters (ops/parameters.h) that are constants, or computed from
  // shapes that no picture changes, become attributes.
  Result<ir::ValueId> AddNode(std::string node_name, std::string value_name, ops::Op op,
                              std::vector<ir::ValueId> inputs);
  Result<ir::ValueId> AddNode(const std::string& name, ops::Op op,
                              std::vector<ir::ValueId> inputs) {
    return AddNode(name, name, std::move(op), std::move(inputs));
  }

  // The tensor of a constant, also behind Identity nodes; null for what is computed or fed.
  const Tensor* Constant(ir::ValueId id) const;
  // The value that holds Constant(id).
  ir::ValueId ConstantId(ir::ValueId id) const;
  // The contents of a small tensor that the graph computes from constants and shapes, where every
  // picture gives the same; also what Constant() gives. Null for the others.
  const Tensor* FixedValue(ir::ValueId id) const;
  // The same at the frozen (or a made-up) size: for ranks, and for sizes relative to each other.
  const Tensor* ProbeValue(ir::ValueId id) const;
  // Whether the value's shape follows the picture's.
  bool FollowsPicture(ir::ValueId id) const { return info(id).free; }
  // An error naming the constant when an element is NaN or infinite; nothing for other values.
  Status CheckFinite(ir::ValueId id);

  // Errors for an epsilon, or an element of a constant variance, that normalisation cannot divide
  // by.
  Status CheckVariance(ir::ValueId id, float epsilon);

  // The shape at the frozen size, where that is known.
  const Shape* FrozenShape(ir::ValueId id) const;
  // The same, with a made-up size for each dimension that is free: for ranks, and for sizes that
  // matter only relative to each other. Null where not even the rank is known.
  const Shape* ProbeShape(ir::ValueId id) const;
  // -1 when not known.
  int Rank(ir::ValueId id) const;
  DType dtype(ir::ValueId id) const { return graph_.value(id).dtype; }

  // The NHWC form of an NCHW value, and back. Each is made once for a value.
  Result<ir::ValueId> ToNhwc(ir::ValueId nchw);
  Result<ir::ValueId> ToNchw(ir::ValueId nhwc, std::string value_name);

  // `base`, with a number after it if the graph or the file has that name.
  std::string FreshName(const std::string& base);

  ir::Graph& graph() { return graph_; }
  const ir::Graph& graph() const { return graph_; }

 private:
  struct Info {
    int32_t type = -1;      // in types_; -1: not known
    bool exact = false;     // holds at the frozen size; otherwise only dtype and rank count
    bool finite = false;    // CheckFinite() has passed
    bool free = false;      // shape and contents may follow the size of an input
    int32_t constant = -1;  // the value that holds the tensor
    int32_t known = -1;     // in known_: the contents at the frozen or made-up size
  };

  ir::ValueId AddValue(ir::Value value, Info info);
  int32_t AddType(ops::TensorType type);
  Result<Info> Infer(const ops::Op& op, const std::vector<ir::ValueId>& inputs);
  Info InfoOfReshape(const ops::Op& op, DType dtype, bool free);
  Status AbsorbFixed(ops::Op& op, std::vector<ir::ValueId>& inputs) const;
  void Evaluate(const ops::Op& op, const std::vector<ir::ValueId>& inputs,
                const std::vector<const Tensor*>& values, Info& result);
  const Info& info(ir::ValueId id) const { return infos_[static_cast<size_t>(id.index)]; }

  const NameIndex& names_;
  ir::Graph graph_;
  std::vector<Info> infos_;             // one a value
  std::vector<ops::TensorType> types_;  // shared by values
  std::vector<Tensor> known_;           // small tensors beside the network: sizes, pads, axes
  std::unordered_map<int32_t, ir::ValueId> nhwc_of_;
  std::unordered_set<std::string> fresh_names_;
};

// A factor for which floor(in * factor) is `out`, near out / in.
Result<float> ResizeScale(int64_t in, int64_t out);

}  // namespace picabia::import
