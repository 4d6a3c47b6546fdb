// Attributes of the first convolution; see first_convolution.h.
#include "quant/first_convolution.h"

#include <algorithm>
#include <vector>

#include "proto/attr_value.h"
#include "proto/graph_def.h"

namespace picabia::quant {
namespace {

using proto::GraphDef;
using proto::GraphNode;

std::vector<const GraphNode*> ReadersOf(const GraphDef& graph, const std::string& name) {
  std::vector<const GraphNode*> readers;
  for (const GraphNode& node : graph.nodes()) {
    const bool reads =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
          return !input.starts_with('^') && proto::NodeOfInput(input) == name;
        });
    if (reads) readers.push_back(&node);
  }
  return readers;
}

Result<std::string> FindIn(const GraphDef& graph, const std::string& input) {
  std::string name = input;
  for (size_t i = 0; i <= graph.nodes().size(); ++i) {
    const std::vector<const GraphNode*> readers = ReadersOf(graph, name);
    if (readers.empty()) return Unsupported("nothing reads '" + name + "'");
    if (readers.size() > 1) {
      return Unsupported("'" + name + "' is read by '" + readers[0]->name + "' and '" +
                         readers[1]->name + "', expected one convolution");
    }
    const GraphNode& reader = *readers[0];
    if (reader.op == "Conv2D" || reader.op == "Int8Conv2D" || reader.op == "Int16Conv2D")
      return reader.name;
    if (reader.op != "Identity") {
      return Unsupported("'" + name + "' is read by node '" + reader.name + "' (" + reader.op +
                         "), expected a convolution");
    }
    name = reader.name;
  }
  return Unsupported("'" + input + "' is read in a circle");
}

}  // namespace

Result<std::string> FindFirstConvolution(std::string_view model, const std::string& input) {
  PICABIA_ASSIGN_OR_RETURN(const GraphDef graph, GraphDef::Parse(model));
  return FindIn(graph, input);
}

Result<std::string> PrepareInFirstConvolution(std::string_view model, const std::string& input,
                                              const PixelScaling& scaling) {
  PICABIA_ASSIGN_OR_RETURN(GraphDef graph, GraphDef::Parse(model));
  PICABIA_ASSIGN_OR_RETURN(const std::string name, FindIn(graph, input));
  GraphNode& node = *graph.Find(name);
  if (node.op == "Conv2D") {
    return Unsupported("node '" + name +
                       "' stays float, but only a convolution in integers prepares its picture");
  }
  node.Touch();
  node.Set("use_convfirst", proto::AttrOfBool(true));
  const char* const names[] = {"mean_r", "mean_g", "mean_b"};
  for (size_t c = 0; c < 3; ++c) node.Set(names[c], proto::AttrOfFloat(scaling.mean[c]));
  node.Set("std", proto::AttrOfFloat(scaling.std));
  return graph.Serialize();
}

}  // namespace picabia::quant
