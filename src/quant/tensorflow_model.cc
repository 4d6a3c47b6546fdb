// Quantized layers in TensorFlow graphs, as Cambricon's tool writes them:
//
//   Conv2D(x, filter)                   -> Int8Conv2D(x, filter int8) {input_scale, filter_scale}
//   Conv2DBackpropInput(sizes, filter, x) -> Int8Conv2DBackpropInput(sizes, filter int8, x) {...}
//   MatMul(x, filter)                   -> Int8MatMul(x, filter int8) {...}
//
// and Int16... alike. The filter changes its type where it is, a Const behind Identities, unless
// somebody else reads it: then the layer gets a Const of its own. No other node changes.
#include <algorithm>
#include <map>
#include <set>

#include "proto/attr_value.h"
#include "proto/graph_def.h"
#include "quant/devices.h"
#include "quant/forms.h"
#include "quant/scale.h"

namespace picabia::quant {
namespace {

using proto::GraphDef;
using proto::GraphNode;

constexpr int64_t kFloatType = 1;  // DT_FLOAT

bool IsTransposed(std::string_view op) { return op == "Conv2DBackpropInput"; }
bool IsProduct(std::string_view op) { return op == "MatMul"; }

bool IsInteger(std::string_view op) {
  return op.starts_with("Int8") || op.starts_with("Int16") || op.starts_with("Quantiz") ||
         op.starts_with("FakeQuant");
}

// The data inputs of a node.
std::vector<std::string> DataInputs(const GraphNode& node) {
  std::vector<std::string> inputs;
  for (const std::string& input : node.inputs)
    if (!input.starts_with('^')) inputs.push_back(input);
  return inputs;
}

std::string TensorNameOf(const std::string& input) {
  return input.ends_with(":0") ? input.substr(0, input.size() - 2) : input;
}

using Index = std::map<std::string, size_t, std::less<>>;

Index IndexOf(const GraphDef& graph) {
  Index index;
  for (size_t i = 0; i < graph.nodes().size(); ++i) index[graph.nodes()[i].name] = i;
  return index;
}

// The nodes from the one that the input names to the Const behind it; empty: there is none.
std::vector<size_t> ConstantChain(const GraphDef& graph, const Index& index,
                                  const std::string& input) {
  std::vector<size_t> chain;
  std::string name(proto::NodeOfInput(input));
  while (chain.size() < graph.nodes().size()) {
    const auto it = index.find(name);
    if (it == index.end()) return {};
    const GraphNode& node = graph.nodes()[it->second];
    chain.push_back(it->second);
    if (node.op == "Const") return chain;
    if (node.op != "Identity" || node.inputs.empty()) return {};
    name = proto::NodeOfInput(node.inputs[0]);
  }
  return {};
}

bool HasFloatType(const GraphNode& node) {
  const std::string* type = node.Find("T");
  return type == nullptr || proto::TypeOfAttr(*type) == kFloatType;
}

class Writer {
 public:
  Writer(GraphDef& graph, const std::vector<Layer>& layers, const std::vector<LayerPlan>& plans)
      : graph_(graph), index_(IndexOf(graph)), layers_(layers), plans_(plans) {}

  void Run() {
    CountReaders();
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (plans_[i].bits == kFloatBits) continue;
      WriteLayer(i);
    }
    InsertFilters();
  }

 private:
  // Which layers, by their plans, read each node; -1 is somebody who wants floats.
  void CountReaders() {
    std::map<std::string, int, std::less<>> layer_of;
    for (size_t i = 0; i < layers_.size(); ++i) layer_of[layers_[i].node] = static_cast<int>(i);
    for (const GraphNode& node : graph_.nodes()) {
      const std::vector<std::string> inputs = DataInputs(node);
      for (size_t k = 0; k < inputs.size(); ++k) {
        const auto it = layer_of.find(node.name);
        const bool filter = it != layer_of.end() && k == 1;
        const auto named = index_.find(proto::NodeOfInput(inputs[k]));
        if (named == index_.end()) continue;
        readers_[named->second].insert(filter ? it->second : -1);
        if (!filter && node.op == "Identity") identity_readers_[named->second].insert(node.name);
      }
    }
  }

  bool SamePlan(size_t a, size_t b) const {
    return plans_[a].bits == plans_[b].bits && plans_[a].filter_scales == plans_[b].filter_scales &&
           layers_[a].channel_axis == layers_[b].channel_axis;
  }

  // Whether all that read these nodes are layers of the same plan, or the chain itself.
  bool MayChange(const std::vector<size_t>& chain, size_t layer) const {
    for (size_t k = 0; k < chain.size(); ++k) {
      const auto it = readers_.find(chain[k]);
      if (it == readers_.end()) continue;
      for (const int reader : it->second) {
        if (reader >= 0 && SamePlan(static_cast<size_t>(reader), layer)) continue;
        if (reader >= 0 || k == 0) return false;
        const auto identities = identity_readers_.find(chain[k]);
        const std::set<std::string> only{graph_.nodes()[chain[k - 1]].name};
        if (identities == identity_readers_.end() || identities->second != only) return false;
      }
    }
    return true;
  }

  void ChangeFilter(const std::vector<size_t>& chain, const Tensor& filter) {
    const std::string type = proto::AttrOfType(proto::TensorFlowType(filter.dtype()));
    for (const size_t i : chain) {
      GraphNode& node = graph_.nodes()[i];
      node.Set(node.op == "Const" ? "dtype" : "T", type);
      if (node.op == "Const") node.Set("value", proto::AttrOfTensor(filter));
    }
  }

  std::string AddFilter(const GraphNode& reader, const Tensor& filter) {
    GraphNode node;
    node.op = "Const";
    node.name = reader.name + "/filter_int";
    while (index_.contains(node.name)) node.name += "_";
    node.device = reader.device;
    node.Set("value", proto::AttrOfTensor(filter));
    node.Set("dtype", proto::AttrOfType(proto::TensorFlowType(filter.dtype())));
    index_[node.name] = graph_.nodes().size();
    added_.emplace_back(reader.name, node);
    return node.name;
  }

  void WriteLayer(size_t i) {
    GraphNode& node = graph_.nodes()[index_.at(layers_[i].node)];
    const std::vector<size_t> chain = ConstantChain(graph_, index_, layers_[i].filter);
    const LayerPlan& plan = plans_[i];
    if (!MayChange(chain, i)) {
      size_t data = 0;
      for (std::string& input : node.inputs) {
        if (!input.starts_with('^') && data++ == 1) input = AddFilter(node, plan.filter);
      }
    } else {
      ChangeFilter(chain, plan.filter);
    }
    WriteAttributes(node, plan);
  }

  static void WriteAttributes(GraphNode& node, const LayerPlan& plan) {
    const bool transposed = IsTransposed(node.op), product = IsProduct(node.op);
    const std::string prefix = plan.bits == 8 ? "Int8" : "Int16";
    const std::vector<proto::GraphAttr> old = node.attrs;
    node.Touch();
    node.op = prefix + node.op;
    node.attrs.clear();
    const std::string ones = proto::AttrOfInts({1, 1, 1, 1});
    // What the integer operators share with the float ones; defaults that they do not have go.
    for (const proto::GraphAttr& attr : old) {
      const bool kept = attr.name == "strides" || attr.name == "padding" ||
                        attr.name == "data_format" || attr.name.starts_with('_') ||
                        attr.name == "transpose_a" || attr.name == "transpose_b" ||
                        (attr.name == "dilations" && (transposed || attr.value != ones)) ||
                        (attr.name == "explicit_paddings" && attr.value.size() > 2);
      if (kept) node.attrs.push_back(attr);
    }
    const std::string float_type = proto::AttrOfType(kFloatType);
    if (transposed) {
      node.Set("T", float_type);
    } else {
      if (!product) node.Set("paddings", proto::AttrOfInts({0, 0, 0, 0}));
      node.Set("InT", float_type);
      node.Set("OutT", float_type);
    }
    node.Set("FilterT", proto::AttrOfType(proto::TensorFlowType(plan.filter.dtype())));
    node.Set("input_scale", proto::AttrOfFloat(SymmetricScale(plan.input, plan.bits)));
    const bool per_channel = plan.filter_scales.size() > 1;
    node.Set("filter_scale", proto::AttrOfFloat(per_channel ? 1 : plan.filter_scales[0]));
    if (per_channel) node.Set("filter_scales", proto::AttrOfFloats(plan.filter_scales));
  }

  // Each new Const stands before its reader.
  void InsertFilters() {
    for (auto& [reader, node] : added_) {
      auto& nodes = graph_.nodes();
      const auto at = std::find_if(nodes.begin(), nodes.end(),
                                   [&](const GraphNode& each) { return each.name == reader; });
      nodes.insert(at, node);
    }
  }

  GraphDef& graph_;
  Index index_;
  const std::vector<Layer>& layers_;
  const std::vector<LayerPlan>& plans_;
  std::map<size_t, std::set<int>> readers_;
  std::map<size_t, std::set<std::string>> identity_readers_;
  std::vector<std::pair<std::string, GraphNode>> added_;
};

}  // namespace

namespace {

bool TransposesFilter(const GraphNode& node) {
  const std::string* attr = node.Find("transpose_b");
  return attr != nullptr && proto::BoolOfAttr(*attr).value_or(false);
}

// Why a layer stays float; empty: it need not.
std::string WhyFloat(const GraphNode& node, const std::string& filter, const GraphDef& graph,
                     const Index& index, const Kinds& wanted) {
  const bool product = IsProduct(node.op);
  if (product ? !wanted.products : !wanted.convolutions)
    return product ? "int_op_list has no FC" : "int_op_list has no Conv";
  if (!HasFloatType(node)) return "it is not of float32";
  if (ConstantChain(graph, index, filter).empty())
    return "its filter '" + filter + "' is not a constant";
  return "";
}

// Of operators that one may look for among the layers; empty: of others.
std::string WhyNoIntegerForm(std::string_view op) {
  if (op == "LRN") return "what Int8LRN computes is not known";
  if (op == "DepthwiseConv2dNative" || op == "BatchMatMul" || op == "BatchMatMulV2")
    return "Cambricon's graphs have no integer form of it";
  return "";
}

Layer LayerOf(const GraphNode& node, const std::vector<std::string>& inputs) {
  const bool transposed = IsTransposed(node.op);
  Layer layer{node.name,
              node.op,
              TensorNameOf(inputs[transposed ? 2 : 0]),
              TensorNameOf(inputs[1]),
              node.name,
              "",
              transposed ? 2 : 3};
  if (transposed) layer.sizes = TensorNameOf(inputs[0]);
  if (IsProduct(node.op)) layer.channel_axis = TransposesFilter(node) ? 0 : 1;
  return layer;
}

}  // namespace

Result<Layers> FindTensorFlowLayers(std::string_view model, const Kinds& wanted) {
  PICABIA_ASSIGN_OR_RETURN(const GraphDef graph, GraphDef::Parse(model));
  const Index index = IndexOf(graph);
  Layers found;
  const auto note = [&](const GraphNode& node, const std::string& why) {
    found.notes.push_back("node '" + node.name + "' (" + node.op + ") stays float: " + why);
  };
  for (const GraphNode& node : graph.nodes()) {
    if (IsInteger(node.op)) {
      return InvalidArgument("node '" + node.name + "' is " + node.op +
                             ": the graph is quantized already, expected a float graph");
    }
    if (const std::string none = WhyNoIntegerForm(node.op); !none.empty()) note(node, none);
    const bool transposed = IsTransposed(node.op);
    if (node.op != "Conv2D" && !transposed && !IsProduct(node.op)) continue;
    const std::vector<std::string> inputs = DataInputs(node);
    if (inputs.size() != (transposed ? 3 : 2)) continue;  // the importer has refused it
    const std::string why = WhyFloat(node, inputs[1], graph, index, wanted);
    if (why.empty()) {
      found.layers.push_back(LayerOf(node, inputs));
    } else {
      note(node, why);
    }
  }
  return found;
}

Result<std::string> WriteTensorFlowModel(std::string_view model, const std::vector<Layer>& layers,
                                         const std::vector<LayerPlan>& plans,
                                         const std::string& record) {
  PICABIA_ASSIGN_OR_RETURN(GraphDef graph, GraphDef::Parse(model));
  Writer(graph, layers, plans).Run();
  if (!layers.empty() && !record.empty())
    graph.Find(layers[0].node)->Set("_picabia_quantization", proto::AttrOfString(record));
  return graph.Serialize();
}

Result<std::string> SetDevices(std::string_view model, DeviceMode mode) {
  PICABIA_ASSIGN_OR_RETURN(GraphDef graph, GraphDef::Parse(model));
  const std::string device = mode == DeviceMode::kMlu ? "/device:MLU:0" : "";
  for (GraphNode& node : graph.nodes()) {
    if (mode == DeviceMode::kOrigin || node.device == device) continue;
    node.Touch();
    node.device = device;
  }
  return graph.Serialize();
}

}  // namespace picabia::quant
