// A ModelProto into a graph: versions, names, edges, order, then one converter call a node. Called
// by import.cc.
#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "import/builder.h"
#include "import/names.h"
#include "import/onnx/external_data.h"
#include "import/onnx/model_proto.h"
#include "import/onnx/operators.h"
#include "import/order.h"
#include "import/source.h"

namespace picabia::import {
namespace onnx {
namespace {

constexpr int64_t kMinIrVersion = 3;  // the first with operator sets as they are now
constexpr int64_t kMinOpset = 7;      // the first with NumPy broadcasting
constexpr int64_t kMaxOpset = 28;     // newer ones may change what an operator means

bool IsStandardDomain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

// ONNX Runtime's own forms of two operators, which mean the same but allow 16 bits at any opset.
bool IsOrtQuantization(const NodeProto& node) {
  return node.domain == "com.microsoft" &&
         (node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear");
}

std::string SupportedOperators() {
  std::string list;
  for (const Operator& row : Operators()) {
    if (!list.empty()) list += ", ";
    list += row.op_type;
  }
  return list;
}

// The version of the standard operators.
Result<int64_t> FindOpset(const ModelProto& model) {
  int64_t version = -1;
  for (const OpsetId& opset : model.opsets) {
    if (!IsStandardDomain(opset.domain)) continue;
    if (version >= 0) return InvalidModel("the model imports two operator sets of domain ai.onnx");
    version = opset.version;
    if (version < kMinOpset || version > kMaxOpset) {
      return Unsupported("the model uses opset " + std::to_string(version) + ", Picabia reads " +
                         std::to_string(kMinOpset) + " to " + std::to_string(kMaxOpset));
    }
  }
  if (version < 0) return InvalidModel("the model names no opset of domain ai.onnx");
  return version;
}

Status CheckModel(const ModelProto& model) {
  if (model.graphs == 0) return InvalidModel("the model has no graph (is the file cut short?)");
  if (model.graphs > 1) return InvalidModel("the model has two graphs");
  if (model.ir_version < kMinIrVersion) {
    return Unsupported("the model has IR version " + std::to_string(model.ir_version) +
                       ", Picabia reads " + std::to_string(kMinIrVersion) + " and later");
  }
  if (model.has_sparse_initializers) return Unsupported("the graph has sparse initializers");
  if (model.outputs.empty()) return InvalidModel("the graph has no outputs");
  return OkStatus();
}

class Importer {
 public:
  Importer(const Source& source, ParseLog& log, ModelProto model)
      : source_(source),
        log_(log),
        model_(std::move(model)),
        external_(source.folder),
        owner_{source.owner, 0, &external_} {}

  Result<ir::Graph> Run() {
    PICABIA_RETURN_IF_ERROR(CheckModel(model_));
    PICABIA_ASSIGN_OR_RETURN(opset_, FindOpset(model_));
    PICABIA_RETURN_IF_ERROR(CollectNames());
    PICABIA_RETURN_IF_ERROR(ResolveInputs());
    const Order order = TopologicalOrder(edges_);
    if (!order.cycle.empty()) return CycleError(order.cycle);
    edges_ = {};  // what follows takes memory of its own
    builder_ = std::make_unique<Builder>(source_.name, "onnx", names_);
    builder_->graph().values.reserve(slot_node_.size());
    builder_->graph().nodes.reserve(model_.nodes.size());
    builder_->graph().image_metadata = std::move(model_.image_metadata);
    PICABIA_RETURN_IF_ERROR(AddInputs());
    PICABIA_RETURN_IF_ERROR(AddInitializers());
    for (const int32_t i : order.nodes) {
      const Status status = Convert(i);
      if (!status.ok()) return status.WithContext(Label(i));
    }
    PICABIA_RETURN_IF_ERROR(CollectOutputs());
    return std::move(builder_->graph());
  }

 private:
  // Values of the file have slots: first the inputs, then the initializers, then node outputs.
  using Slot = int32_t;

  // Also after an error in log_, for the message.
  NodeProto node(int32_t i) const {
    ParseLog log(source_.bytes);
    return ParseNode(model_.nodes[static_cast<size_t>(i)], log);
  }

  std::string Label(int32_t i) const {
    if (!node(i).name.empty()) return "node " + Quoted(node(i).name);
    return "node " + std::to_string(i) + " (" + Escaped(node(i).op_type) + ")";
  }

  // ---- names

  Status CollectNames() {
    std::vector<std::string_view> initializers;
    for (const TensorProto& t : model_.initializers) {
      PICABIA_RETURN_IF_ERROR(
          CheckName(t.name, "initializer " + std::to_string(initializers.size())));
      initializers.push_back(t.name);
    }
    const NameIndex initializer_index(initializers);
    // Up to IR version 3 initializers are listed among the inputs, later they may be.
    std::erase_if(model_.inputs, [&](const ValueInfoProto& input) {
      return initializer_index.Contains(input.name);
    });
    std::vector<std::string_view> names;
    for (const ValueInfoProto& input : model_.inputs) {
      PICABIA_RETURN_IF_ERROR(CheckName(input.name, "input " + std::to_string(names.size())));
      names.push_back(input.name);
    }
    names.insert(names.end(), initializers.begin(), initializers.end());
    slot_node_.assign(names.size(), -1);
    for (int32_t i = 0; i < static_cast<int32_t>(model_.nodes.size()); ++i) {
      const Status status = CollectOutputNames(i, names);
      if (!status.ok()) return status.WithContext(Label(i));
    }
    names_ = NameIndex(names);
    if (const auto twice = names_.Duplicate()) {
      return InvalidModel("value " + Quoted(names[static_cast<size_t>(twice->first)]) +
                          " is defined twice");
    }
    values_.resize(slot_node_.size());
    return OkStatus();
  }

  // Outputs that a converter does not make have slots too, so that a use of them can be named.
  Status CollectOutputNames(int32_t i, std::vector<std::string_view>& names) {
    if (!node(i).name.empty()) PICABIA_RETURN_IF_ERROR(CheckName(node(i).name, "it"));
    PICABIA_ASSIGN_OR_RETURN(const auto outputs, ParseOutputs(node(i), log_));
    if (outputs.empty() || outputs[0].empty()) return InvalidModel("it names no output");
    first_output_.push_back(static_cast<Slot>(slot_node_.size()));
    for (const std::string_view output : outputs) {
      if (output.empty()) continue;
      PICABIA_RETURN_IF_ERROR(CheckName(output, "output"));
      names.push_back(output);
      slot_node_.push_back(i);
    }
    return OkStatus();
  }

  // ---- edges

  Status ResolveInputs() {
    for (int32_t i = 0; i < static_cast<int32_t>(model_.nodes.size()); ++i) {
      auto inputs = ParseInputs(node(i), log_);
      if (!inputs.ok()) return inputs.status().WithContext(Label(i));
      for (size_t k = 0; k < inputs->size(); ++k) {
        const std::string_view name = (*inputs)[k];
        auto slot = name.empty() ? Result<Slot>(-1) : FindSlot(name);
        if (!slot.ok()) {
          return slot.status()
              .WithContext("input " + std::to_string(k) + " (" + Quoted(name) + ")")
              .WithContext(Label(i));
        }
        inputs_.from.push_back(*slot);
        const int32_t producer = *slot < 0 ? -1 : slot_node_[static_cast<size_t>(*slot)];
        if (producer >= 0) edges_.from.push_back(producer);
      }
      inputs_.EndNode();
      edges_.EndNode();
    }
    return OkStatus();
  }

  Result<Slot> FindSlot(std::string_view name) const {
    const Slot slot = names_.Find(name);
    if (slot < 0) return InvalidModel("the graph has no such value");
    return slot;
  }

  Status CycleError(const std::vector<int32_t>& cycle) const {
    constexpr size_t kShown = 8;
    std::string path;
    for (size_t i = 0; i < std::min(cycle.size(), kShown); ++i) path += Label(cycle[i]) + " -> ";
    if (cycle.size() > kShown) path += "... -> ";
    return InvalidModel(Label(cycle[0]) + ": its inputs depend on itself: " + path +
                        Label(cycle[0]));
  }

  // ---- values

  Status AddInputs() {
    for (size_t i = 0; i < model_.inputs.size(); ++i) {
      const ValueInfoProto& input = model_.inputs[i];
      auto added = AddInput(input);
      if (!added.ok()) return added.status().WithContext("input " + Quoted(input.name));
      values_[i] = *added;
    }
    return OkStatus();
  }

  Result<ir::ValueId> AddInput(const ValueInfoProto& input) {
    if (!input.is_tensor) return Unsupported("it is no tensor, or its type is missing");
    PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(input.elem_type));
    if (input.shape) PICABIA_RETURN_IF_ERROR(CheckDeclaredShape(dtype, *input.shape));
    return builder_->AddInput(std::string(input.name), dtype, input.shape, Layout::kNchw);
  }

  Status AddInitializers() {
    for (size_t i = 0; i < model_.initializers.size(); ++i) {
      const TensorProto& t = model_.initializers[i];
      auto tensor = ParseTensor(t.message, owner_, log_);
      if (!tensor.ok()) return tensor.status().WithContext("initializer " + Quoted(t.name));
      values_[model_.inputs.size() + i] =
          builder_->AddConstant(std::string(t.name), *std::move(tensor));
    }
    return OkStatus();
  }

  // ---- nodes

  // A loaded operator is found as "domain::Name", or by its name alone.
  CustomType FindCustom(const NodeProto& n) const {
    const std::string name(n.op_type), whole = std::string(n.domain) + "::" + name;
    for (const std::string& type : {whole, name}) {
      const auto it = source_.operators.find(type);
      if (it != source_.operators.end()) return {type, it->second};
    }
    return {};
  }

  Status Convert(int32_t i) {
    if (const CustomType custom = FindCustom(node(i)); custom.implementation != nullptr)
      return ConvertCustomNode(i, custom);
    if (!IsStandardDomain(node(i).domain) && !IsOrtQuantization(node(i))) {
      return Unsupported("operator '" + Escaped(node(i).op_type) + "' of domain '" +
                         Escaped(node(i).domain) +
                         "' is not supported (Picabia reads those of domain ai.onnx)");
    }
    PICABIA_ASSIGN_OR_RETURN(Attributes attributes, ParseAttributes(node(i), log_));
    PICABIA_RETURN_IF_ERROR(ConvertByRow(i, attributes));
    return attributes.CheckAllUsed();
  }

  Status ConvertCustomNode(int32_t i, const CustomType& custom) {
    static constexpr Operator kRow{"", static_cast<int>(ops::Custom::kArity.min),
                                   static_cast<int>(ops::Custom::kArity.max), nullptr};
    PICABIA_ASSIGN_OR_RETURN(Attributes attributes, ParseAttributes(node(i), log_));
    PICABIA_ASSIGN_OR_RETURN(const auto names, ParseOutputs(node(i), log_));
    if (names.size() > 1) return Unsupported("it has more than one output");
    NodeContext context{{NodeName(i), std::string(names[0]), attributes, {}, *builder_},
                        {},
                        owner_,
                        log_,
                        opset_,
                        filters_};
    PICABIA_RETURN_IF_ERROR(FillInputs(i, kRow, context));
    const Slot output = first_output_[static_cast<size_t>(i)];
    PICABIA_ASSIGN_OR_RETURN(values_[static_cast<size_t>(output)], ConvertCustom(context, custom));
    return OkStatus();
  }

  Status ConvertByRow(int32_t i, Attributes& attributes) {
    const Operator* row = FindOperator(node(i).op_type);
    if (row == nullptr) {
      return Unsupported("operator '" + Escaped(node(i).op_type) +
                         "' is not supported (Picabia reads: " + SupportedOperators() + ")");
    }
    const Slot output = first_output_[static_cast<size_t>(i)];
    PICABIA_ASSIGN_OR_RETURN(const auto names, ParseOutputs(node(i), log_));
    NodeContext context{{NodeName(i), std::string(names[0]), attributes, {}, *builder_},
                        {},
                        owner_,
                        log_,
                        opset_,
                        filters_};
    for (size_t k = 1; k < names.size(); ++k) context.more_outputs.push_back({names[k], {}});
    PICABIA_RETURN_IF_ERROR(FillInputs(i, *row, context));
    PICABIA_ASSIGN_OR_RETURN(values_[static_cast<size_t>(output)], row->convert(context));
    Slot slot = output;
    for (const MoreOutput& more : context.more_outputs) {
      if (!more.name.empty()) values_[static_cast<size_t>(++slot)] = more.value;
    }
    return OkStatus();
  }

  std::string OutputName(Slot slot) const { return std::string(names_.NameOf(slot)); }

  std::string NodeName(int32_t i) const {
    if (!node(i).name.empty()) return std::string(node(i).name);
    return OutputName(first_output_[static_cast<size_t>(i)]);
  }

  Status FillInputs(int32_t i, const Operator& row, NodeContext& context) {
    const std::span<const int32_t> slots = inputs_.of(i);
    if (static_cast<int64_t>(slots.size()) > row.max_inputs) return InputCountError(i, row);
    for (const Slot slot : slots) {
      ir::ValueId id;
      if (slot >= 0) {
        PICABIA_ASSIGN_OR_RETURN(id, ValueOf(slot));
      }
      context.inputs.push_back(id);
    }
    for (int k = 0; k < row.min_inputs; ++k) {
      if (!context.HasInput(static_cast<size_t>(k))) return InputCountError(i, row);
    }
    return OkStatus();
  }

  Status InputCountError(int32_t i, const Operator& row) const {
    std::string expected = std::to_string(row.min_inputs);
    if (row.max_inputs != row.min_inputs) expected += " to " + std::to_string(row.max_inputs);
    return InvalidModel(Escaped(node(i).op_type) + " has " + std::to_string(inputs_.of(i).size()) +
                        " inputs, expected " + expected + ", the first " +
                        std::to_string(row.min_inputs) + " not left out");
  }

  // The graph's value of a slot.
  Result<ir::ValueId> ValueOf(Slot slot) const {
    const ir::ValueId id = values_[static_cast<size_t>(slot)];
    if (id.index >= 0) return id;
    const int32_t producer = slot_node_[static_cast<size_t>(slot)];
    return Unsupported("value " + Quoted(names_.NameOf(slot)) + " is an output of " +
                       Label(producer) + " that is not supported of " +
                       Escaped(node(producer).op_type));
  }

  // ---- outputs

  Status CollectOutputs() {
    for (const ValueInfoProto& output : model_.outputs) {
      const std::string label = "graph output " + Quoted(output.name);
      auto slot = FindSlot(output.name);
      if (!slot.ok()) return slot.status().WithContext(label);
      auto id = ValueOf(*slot);
      if (!id.ok()) return id.status().WithContext(label);
      if (!output_slots_.insert(*slot).second) return InvalidModel(label + " is listed twice");
      builder_->graph().outputs.push_back(*id);
    }
    return OkStatus();
  }

  const Source& source_;
  ParseLog& log_;
  ModelProto model_;
  ExternalFiles external_;
  Owner owner_;
  int64_t opset_ = 0;
  NameIndex names_;                 // a name's index is its slot
  std::vector<int32_t> slot_node_;  // the node that makes the slot's value, or -1
  std::vector<Slot> first_output_;  // of each node
  Edges inputs_;                    // of each node: slots; -1: left out
  Edges edges_;                     // of each node: the nodes that it reads
  std::unique_ptr<Builder> builder_;
  std::vector<ir::ValueId> values_;  // of each slot; -1: none (yet)
  std::unordered_map<int32_t, ir::ValueId> filters_;
  std::unordered_set<Slot> output_slots_;
};

}  // namespace
}  // namespace onnx

Result<ir::Graph> ReadOnnx(const Source& source) {
  ParseLog log(source.bytes);
  PICABIA_ASSIGN_OR_RETURN(onnx::ModelProto model, onnx::ParseModel(log));
  // What the importer knows of the file is gone when Verify() takes memory of its own.
  PICABIA_ASSIGN_OR_RETURN(ir::Graph graph, onnx::Importer(source, log, std::move(model)).Run());
  PICABIA_RETURN_IF_ERROR(ir::Verify(graph));
  return graph;
}

}  // namespace picabia::import
