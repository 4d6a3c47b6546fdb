// A GraphDef into a graph: names, edges, order, then one converter call a node. Called by
// import.cc.
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "import/builder.h"
#include "import/names.h"
#include "import/order.h"
#include "import/source.h"
#include "import/tensorflow/graph_def.h"
#include "import/tensorflow/operators.h"

namespace picabia::import {
namespace tensorflow {
namespace {

// "name:3" is output 3 of a node, "name" output 0.
struct Reference {
  std::string_view node;
  int64_t output = 0;
};

// Nothing when what follows the colon is no number.
std::optional<Reference> ParseReference(std::string_view input) {
  const size_t colon = input.rfind(':');
  if (colon == std::string_view::npos) return Reference{input, 0};
  Reference reference{input.substr(0, colon), 0};
  const char* end = input.data() + input.size();
  const auto parsed = std::from_chars(input.data() + colon + 1, end, reference.output);
  if (parsed.ec != std::errc() || parsed.ptr != end || reference.output < 0) return std::nullopt;
  return reference;
}

// A node of few bytes may say that it has many outputs.
constexpr int64_t kMaxSpareOutputs = 4096;

// Attributes with the types of inputs, which the inputs have themselves.
constexpr const char* kInputTypes[] = {
    "T",        "Tidx",       "Tpaddings", "Tshape", "Tperm",        "Tlen",
    "Tindices", "Tparams",    "Taxis",     "Tdim",   "Tblock_shape", "Tcrops",
    "Index",    "Tmultiples", "SrcT",      "Tsize",  "index_type"};

std::string NodeLabel(std::string_view name) { return "node " + Quoted(name); }

std::string SupportedOperators() {
  std::string list;
  for (const Operator& row : Operators()) {
    if (!list.empty()) list += ", ";
    list += row.name;
  }
  return list;
}

class Importer {
 public:
  Importer(const Source& source, ParseLog& log, GraphDef def)
      : log_(log), def_(std::move(def)), source_(source) {
    owner_ = {source.owner, FillBudget(source.bytes.size())};
  }

  Result<ir::Graph> Run() {
    PICABIA_RETURN_IF_ERROR(CheckNames());
    PICABIA_RETURN_IF_ERROR(ResolveInputs());
    order_ = TopologicalOrder(edges_);
    if (!order_.cycle.empty()) return CycleError();
    FindRoles();
    builder_ = std::make_unique<Builder>(source_.name, "tensorflow", names_);
    builder_->graph().values.reserve(def_.nodes.size());
    builder_->graph().nodes.reserve(def_.nodes.size());
    values_.resize(def_.nodes.size());
    for (const int32_t i : order_.nodes) {
      const Status status = Convert(i);
      if (!status.ok()) return status.WithContext(NodeLabel(node(i).name));
    }
    CollectOutputs();
    return std::move(builder_->graph());
  }

 private:
  // Also after an error in log_, for the message.
  NodeDef node(int32_t i) const {
    ParseLog log(source_.bytes);
    return ParseNode(def_.nodes[static_cast<size_t>(i)], log);
  }
  const Operator* op(int32_t i) const { return ops_[static_cast<size_t>(i)]; }

  Status CheckNames() {
    std::vector<std::string_view> names;
    names.reserve(def_.nodes.size());
    ops_.reserve(def_.nodes.size());
    for (size_t i = 0; i < def_.nodes.size(); ++i) {
      const NodeDef n = node(static_cast<int32_t>(i));
      PICABIA_RETURN_IF_ERROR(CheckName(n.name, "node " + std::to_string(names.size())));
      if (n.name.find(':') != std::string_view::npos || n.name.starts_with('^')) {
        return InvalidModel(NodeLabel(n.name) + " has a ':' or a leading '^' in its name");
      }
      if (n.op.empty()) return InvalidModel(NodeLabel(n.name) + " names no operator");
      names.push_back(n.name);
      ops_.push_back(source_.operators.contains(n.op) ? &CustomOperatorRow() : FindOperator(n.op));
    }
    names_ = NameIndex(std::move(names));
    if (const auto twice = names_.Duplicate()) {
      return InvalidModel("two nodes have the name " + Quoted(node(twice->first).name));
    }
    return OkStatus();
  }

  Status ResolveInputs() {
    edges_.begin.reserve(def_.nodes.size() + 1);
    for (int32_t i = 0; i < static_cast<int32_t>(def_.nodes.size()); ++i) {
      auto inputs = ParseInputs(node(i), log_);
      if (!inputs.ok()) return inputs.status().WithContext(NodeLabel(node(i).name));
      for (size_t k = 0; k < inputs->size(); ++k) {
        auto from = Resolve((*inputs)[k]);
        if (!from.ok()) {
          return from.status()
              .WithContext("input " + std::to_string(k) + " (" + Quoted((*inputs)[k]) + ")")
              .WithContext(NodeLabel(node(i).name));
        }
        edges_.from.push_back(from->node);
        if (from->output == 0) continue;
        edge_outputs_.push_back({edges_.from.size() - 1, from->output});
        more_read_.push_back(*from);
      }
      edges_.EndNode();
    }
    std::sort(more_read_.begin(), more_read_.end());
    more_read_.erase(std::unique(more_read_.begin(), more_read_.end()), more_read_.end());
    return OkStatus();
  }

  // An output of a node.
  struct Output {
    int32_t node = -1;
    int64_t output = 0;
    auto operator<=>(const Output&) const = default;
  };

  // The outputs behind the first of node i that others read.
  std::vector<MoreOutput> MoreRead(int32_t i) const {
    std::vector<MoreOutput> more;
    for (auto it = std::lower_bound(more_read_.begin(), more_read_.end(), Output{i, 0});
         it != more_read_.end() && it->node == i; ++it) {
      more.push_back({it->output, {}});
    }
    return more;
  }

  Result<Output> Resolve(std::string_view input) const {
    const auto reference = ParseReference(input);
    if (!reference) return InvalidModel("no number of an output follows the ':'");
    const int32_t from = names_.Find(reference->node);
    if (from < 0) return InvalidModel("the graph has no such node");
    // Of an operator that is not known, the number of outputs is not known either.
    const Operator* row = op(from);
    const bool single = row != nullptr && !row->many_outputs;
    if (single && (reference->output != 0 || row->convert == nullptr)) {
      const std::string outputs = row->convert == nullptr ? "no output" : "output 0";
      return InvalidModel("output " + std::to_string(reference->output) + " of " +
                          NodeLabel(reference->node) + " does not exist, its operator " +
                          Escaped(node(from).op) + " has " + outputs + " here");
    }
    return Output{from, reference->output};
  }

  Status CycleError() const {
    constexpr size_t kShown = 8;
    std::string path;
    for (size_t i = 0; i < std::min(order_.cycle.size(), kShown); ++i) {
      path += Quoted(node(order_.cycle[i]).name) + " -> ";
    }
    if (order_.cycle.size() > kShown) path += "... -> ";
    return InvalidModel(NodeLabel(node(order_.cycle[0]).name) + ": its inputs depend on itself: " +
                        path + Quoted(node(order_.cycle[0]).name));
  }

  // Who is read, which nodes serve only to compute the size that another one names, and which only
  // nodes that compute nothing.
  void FindRoles() {
    const size_t n = def_.nodes.size();
    std::vector<bool> read_for_value(n, false), read_at_all(n, false);
    is_read_.assign(n, false);
    size_only_.assign(n, false);
    ignored_.assign(n, false);
    for (auto it = order_.nodes.rbegin(); it != order_.nodes.rend(); ++it) {
      const auto i = static_cast<size_t>(*it);
      size_only_[i] = is_read_[i] && !read_for_value[i];
      ignored_[i] = is_read_[i] && !read_at_all[i];
      const bool computes = !ignored_[i] && (op(*it) == nullptr || op(*it)->convert != nullptr);
      const std::span<const int32_t> inputs = edges_.of(*it);
      for (size_t k = 0; k < inputs.size(); ++k) {
        const auto from = static_cast<size_t>(inputs[k]);
        is_read_[from] = true;
        if (!computes) continue;
        read_at_all[from] = true;
        const bool as_size =
            size_only_[i] || (op(*it) != nullptr && op(*it)->size_input == static_cast<int>(k));
        if (!as_size) read_for_value[from] = true;
      }
    }
  }

  // A size that is computed from the picture's is left out, whatever operators compute it;
  // constants that say sizes, and inputs, stay. So is what only a node that computes nothing reads.
  bool LeftOut(int32_t i) const {
    if (ignored_[static_cast<size_t>(i)]) return node(i).op != "Placeholder";
    if (!size_only_[static_cast<size_t>(i)]) return false;
    if (op(i) == nullptr) return true;
    if (node(i).op == "Const" || node(i).op == "Placeholder") return false;
    // An Identity of something that stays is part of how constants arrive.
    const std::span<const int32_t> inputs = edges_.of(i);
    return node(i).op != "Identity" || inputs.size() != 1 ||
           values_[static_cast<size_t>(inputs[0])].index < 0;
  }

  Status Convert(int32_t i) {
    if (LeftOut(i)) return OkStatus();
    const Operator* row = op(i);
    if (row == nullptr) {
      return Unsupported("operator '" + Escaped(node(i).op) +
                         "' is not supported (Picabia reads: " + SupportedOperators() + ")");
    }
    if (row->convert == nullptr) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(std::vector<ir::ValueId> inputs, InputValues(i));
    PICABIA_ASSIGN_OR_RETURN(Attributes attributes, ParseAttributes(node(i), log_));
    for (const char* name : kInputTypes) attributes.Ignore(name);
    const NodeDef def = node(i);
    const std::string name(def.name);
    NodeContext context{{name, name, attributes, std::move(inputs), *builder_},
                        def,
                        owner_,
                        log_,
                        def_.producer,
                        is_read_[static_cast<size_t>(i)],
                        MoreRead(i),
                        spare_outputs_,
                        {}};
    if (row == &CustomOperatorRow())
      context.custom = {std::string(def.op), source_.operators.find(def.op)->second};
    PICABIA_ASSIGN_OR_RETURN(values_[static_cast<size_t>(i)], row->convert(context));
    for (const MoreOutput& more : context.more_outputs) {
      more_values_.emplace(Output{i, more.index}, more.value);
    }
    return attributes.CheckAllUsed();
  }

  Result<std::vector<ir::ValueId>> InputValues(int32_t i) const {
    const std::span<const int32_t> from = edges_.of(i);
    const auto count = static_cast<int64_t>(from.size());
    if (count < op(i)->min_inputs || count > op(i)->max_inputs) {
      return InvalidModel(Escaped(node(i).op) + " has " + std::to_string(count) +
                          " inputs, expected " + std::to_string(op(i)->min_inputs));
    }
    std::vector<ir::ValueId> inputs;
    for (const int32_t f : from) inputs.push_back(values_[static_cast<size_t>(f)]);
    const auto first = static_cast<size_t>(edges_.begin[static_cast<size_t>(i)]);
    for (auto it = std::lower_bound(edge_outputs_.begin(), edge_outputs_.end(),
                                    std::pair<size_t, int64_t>(first, 0));
         it != edge_outputs_.end() && it->first < first + from.size(); ++it) {
      const size_t k = it->first - first;
      if (inputs[k].index >= 0) inputs[k] = more_values_.at({from[k], it->second});
    }
    return inputs;
  }

  // What nothing reads, and depends on an input. Constants and their Identity nodes that nothing
  // reads are left-overs of training, unless there is nothing else.
  void CollectOutputs() {
    std::vector<bool> fed(def_.nodes.size(), false);
    std::vector<ir::ValueId> all, depends_on_input;
    for (const int32_t i : order_.nodes) {
      const auto at = static_cast<size_t>(i);
      const bool is_input = node(i).op == "Placeholder";
      const std::span<const int32_t> from = edges_.of(i);
      fed[at] = is_input || std::any_of(from.begin(), from.end(),
                                        [&](int32_t f) { return fed[static_cast<size_t>(f)]; });
      if (is_read_[at] || is_input || node(i).op == "Const" || values_[at].index < 0) continue;
      std::vector<ir::ValueId> made = {values_[at]};
      for (auto it = more_values_.lower_bound({i, 0});
           it != more_values_.end() && it->first.node == i; ++it) {
        made.push_back(it->second);
      }
      all.insert(all.end(), made.begin(), made.end());
      if (fed[at]) depends_on_input.insert(depends_on_input.end(), made.begin(), made.end());
    }
    builder_->graph().outputs = depends_on_input.empty() ? all : depends_on_input;
  }

  ParseLog& log_;
  GraphDef def_;
  const Source& source_;
  Owner owner_;
  NameIndex names_;
  std::vector<const Operator*> ops_;  // of each node; null: not known
  Edges edges_;
  std::vector<std::pair<size_t, int64_t>> edge_outputs_;  // edge and output, where that is not 0
  std::vector<Output> more_read_;                         // outputs behind the first, sorted
  Order order_;
  std::vector<bool> is_read_;
  std::vector<bool> size_only_;
  std::vector<bool> ignored_;
  std::unique_ptr<Builder> builder_;
  std::vector<ir::ValueId> values_;  // output 0 of each node; -1: none
  std::map<Output, ir::ValueId> more_values_;
  int64_t spare_outputs_ = kMaxSpareOutputs;
};

}  // namespace
}  // namespace tensorflow

Result<ir::Graph> ReadTensorFlow(const Source& source) {
  ParseLog log(source.bytes);
  PICABIA_ASSIGN_OR_RETURN(tensorflow::GraphDef def, tensorflow::ParseGraphDef(log));
  // What the importer knows of the file is gone when Verify() takes memory of its own.
  PICABIA_ASSIGN_OR_RETURN(ir::Graph graph,
                           tensorflow::Importer(source, log, std::move(def)).Run());
  PICABIA_RETURN_IF_ERROR(ir::Verify(graph));
  return graph;
}

}  // namespace picabia::import
