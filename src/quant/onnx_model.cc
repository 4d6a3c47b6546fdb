// Quantized layers in ONNX models, as QDQ nodes:
//
//   Conv(x, filter, bias) -> Conv(DQ(Q(x)), DQ(filter int8), bias)
//
// ConvTranspose, MatMul and Gemm alike.
// Q and DQ are QuantizeLinear (to unsigned numbers with a zero point) and DequantizeLinear. Layers
// that read the same tensor by the same range share them. 16 bits need opset 21; in older models
// these two nodes are of ONNX Runtime's domain com.microsoft, which has them at any opset. No other
// node changes.
#include "proto/onnx_model.h"

#include <algorithm>
#include <map>
#include <set>

#include "quant/forms.h"
#include "quant/scale.h"

namespace picabia::quant {
namespace {

using proto::OnnxModel;
using proto::OnnxNode;

constexpr int64_t kFirstQdqOpset = 10, kFirstPerAxisOpset = 13, kFirst16BitOpset = 21;
constexpr char kMicrosoft[] = "com.microsoft";

bool IsConstant(const OnnxModel& model, const std::string& name) {
  for (const auto& tensor : model.initializers)
    if (tensor.name == name) return true;
  for (const OnnxNode& node : model.nodes)
    if (node.op_type == "Constant" && node.outputs.size() == 1 && node.outputs[0] == name)
      return true;
  return false;
}

bool IsQuantized(const std::string& op) {
  return op.starts_with("QLinear") || op.ends_with("Integer") || op.ends_with("QuantizeLinear") ||
         op == "DequantizeLinear";
}

std::string NameOf(const OnnxNode& node) {
  return node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
}

class Writer {
 public:
  Writer(OnnxModel& model, const std::vector<Layer>& layers, const std::vector<LayerPlan>& plans)
      : model_(model), layers_(layers), plans_(plans) {
    for (const OnnxNode& node : model.nodes)
      taken_.insert(node.outputs.begin(), node.outputs.end());
    for (const auto& tensor : model.initializers) taken_.insert(tensor.name);
  }

  Status Run() {
    std::vector<OnnxNode> nodes;
    std::swap(nodes, model_.nodes);
    for (OnnxNode& node : nodes) {
      const size_t i = LayerOf(node);
      if (i < layers_.size() && plans_[i].bits != kFloatBits) {
        PICABIA_RETURN_IF_ERROR(Quantize(node, i));
      }
      model_.nodes.push_back(std::move(node));
    }
    DropUnread();
    return OkStatus();
  }

 private:
  size_t LayerOf(const OnnxNode& node) const {
    if (node.outputs.empty()) return layers_.size();
    const auto it = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& layer) {
      return layer.output == node.outputs[0];
    });
    return static_cast<size_t>(it - layers_.begin());
  }

  std::string Fresh(const std::string& base) {
    std::string name = base;
    for (int i = 1; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
    return name;
  }

  // The domain of Q and DQ at this precision.
  Result<std::string> Domain(int bits, bool per_axis) {
    const int64_t opset = model_.opset("");
    const int64_t needed = per_axis ? kFirstPerAxisOpset : kFirstQdqOpset;
    if (opset < needed) {
      return Unsupported("the model is of opset " + std::to_string(opset) + ", expected at least " +
                         std::to_string(needed) + " for QuantizeLinear" +
                         (per_axis ? " by channel" : ""));
    }
    if (bits == 8 || opset >= kFirst16BitOpset) return std::string();
    model_.SetOpset(kMicrosoft, 1);
    return std::string(kMicrosoft);
  }

  std::string AddNode(const std::string& op, const std::string& domain,
                      const std::vector<std::string>& inputs, const std::string& output) {
    OnnxNode node;
    node.name = node.op_type = op;
    node.name += "_" + output;
    node.domain = domain;
    node.inputs = inputs;
    node.outputs = {output};
    model_.nodes.push_back(std::move(node));
    return output;
  }

  std::string AddConstant(const std::string& name, const Tensor& tensor) {
    const std::string fresh = Fresh(name);
    model_.AddInitializer(fresh, tensor);
    return fresh;
  }

  template <typename T>
  static Tensor Scalar(T value) {
    return *Tensor::From<T>({}, {value});
  }

  static Tensor ZeroPoint(const AffineScale& affine, int bits) {
    if (bits == 8) return Scalar(static_cast<uint8_t>(affine.zero));
    Tensor zero = *Tensor::Create(DType::kU16, {});
    *zero.MutableData<uint16_t>() = static_cast<uint16_t>(affine.zero);
    return zero;
  }

  // The name of the input after Q and DQ.
  Result<std::string> QuantizedInput(const Layer& layer, const LayerPlan& plan) {
    const auto key = std::make_tuple(layer.input, plan.bits, plan.input.low, plan.input.high);
    if (const auto it = inputs_.find(key); it != inputs_.end()) return it->second;
    PICABIA_ASSIGN_OR_RETURN(const std::string domain, Domain(plan.bits, false));
    const AffineScale affine = AffineScaleOf(plan.input, plan.bits);
    const std::string scale = AddConstant(layer.input + "_scale", Scalar(affine.scale));
    const std::string zero = AddConstant(layer.input + "_zero_point", ZeroPoint(affine, plan.bits));
    const std::string levels = AddNode("QuantizeLinear", domain, {layer.input, scale, zero},
                                       Fresh(layer.input + "_quantized"));
    const std::string output = AddNode("DequantizeLinear", domain, {levels, scale, zero},
                                       Fresh(layer.input + "_dequantized"));
    return inputs_[key] = output;
  }

  Result<std::string> QuantizedFilter(const Layer& layer, const LayerPlan& plan) {
    const bool per_axis = plan.filter_scales.size() > 1;
    PICABIA_ASSIGN_OR_RETURN(const std::string domain, Domain(plan.bits, per_axis));
    std::vector<float> steps;
    for (const float scale : plan.filter_scales) steps.push_back(1 / scale);
    Tensor scales =
        per_axis ? *Tensor::From<float>({int64_t(steps.size())}, steps) : Scalar(steps[0]);
    PICABIA_ASSIGN_OR_RETURN(const Tensor zeros,
                             Tensor::Create(plan.filter.dtype(), scales.shape()));
    const std::string integers = AddConstant(layer.filter + "_quantized", plan.filter);
    const std::string scale = AddConstant(layer.filter + "_scale", scales);
    const std::string zero = AddConstant(layer.filter + "_zero_point", zeros);
    const std::string output = AddNode("DequantizeLinear", domain, {integers, scale, zero},
                                       Fresh(layer.filter + "_dequantized"));
    if (per_axis)
      model_.nodes.back().attrs.push_back({"axis", proto::OnnxIntAttr("axis", layer.channel_axis)});
    return output;
  }

  Status Quantize(OnnxNode& node, size_t i) {
    node.Touch();
    PICABIA_ASSIGN_OR_RETURN(node.inputs[0], QuantizedInput(layers_[i], plans_[i]));
    PICABIA_ASSIGN_OR_RETURN(node.inputs[1], QuantizedFilter(layers_[i], plans_[i]));
    return OkStatus();
  }

  // The float filters, and Constant nodes of them, that nobody reads any more.
  void DropUnread() {
    std::set<std::string> read(model_.outputs.begin(), model_.outputs.end());
    for (const OnnxNode& node : model_.nodes) read.insert(node.inputs.begin(), node.inputs.end());
    for (const Layer& layer : layers_) {
      if (read.contains(layer.filter)) continue;
      model_.RemoveInitializer(layer.filter);
      std::erase_if(model_.nodes, [&](const OnnxNode& node) {
        return node.op_type == "Constant" && node.outputs[0] == layer.filter;
      });
    }
  }

  OnnxModel& model_;
  const std::vector<Layer>& layers_;
  const std::vector<LayerPlan>& plans_;
  std::set<std::string> taken_;
  std::map<std::tuple<std::string, int, float, float>, std::string> inputs_;
};

}  // namespace

namespace {

struct Operator {
  const char* name;
  bool product;
  int channel_axis;  // of the filter; -1: the last
};
constexpr Operator kOperators[] = {
    {"Conv", false, 0}, {"ConvTranspose", false, 1}, {"MatMul", true, -1}, {"Gemm", true, 1}};

int ChannelAxis(const Operator& op, const OnnxNode& node) {
  const std::string* transposed = node.Find("transB");
  return transposed != nullptr && proto::IntOfOnnxAttr(*transposed).value_or(0) != 0
             ? 0
             : op.channel_axis;
}

}  // namespace

Result<Layers> FindOnnxLayers(std::string_view bytes, const Kinds& wanted) {
  PICABIA_ASSIGN_OR_RETURN(const OnnxModel model, OnnxModel::Parse(bytes));
  Layers found;
  for (const OnnxNode& node : model.nodes) {
    if (IsQuantized(node.op_type)) {
      return InvalidArgument("node '" + NameOf(node) + "' is " + node.op_type +
                             ": the model is quantized already, expected a float model");
    }
    const auto op = std::find_if(std::begin(kOperators), std::end(kOperators),
                                 [&](const Operator& each) { return node.op_type == each.name; });
    if (op == std::end(kOperators)) continue;
    if (node.inputs.size() < 2 || node.outputs.empty()) continue;  // the importer has refused it
    if (op->product ? !wanted.products : !wanted.convolutions) {
      found.notes.push_back("node '" + NameOf(node) + "' (" + node.op_type +
                            ") stays float: int_op_list has no " + (op->product ? "FC" : "Conv"));
    } else if (!IsConstant(model, node.inputs[1])) {
      found.notes.push_back("node '" + NameOf(node) + "' (" + node.op_type +
                            ") stays float: its filter '" + node.inputs[1] + "' is not a constant");
    } else {
      found.layers.push_back({NameOf(node), node.op_type, node.inputs[0], node.inputs[1],
                              node.outputs[0], "", ChannelAxis(*op, node)});
    }
  }
  return found;
}

Result<std::string> WriteOnnxModel(std::string_view bytes, const std::vector<Layer>& layers,
                                   const std::vector<LayerPlan>& plans, const std::string& record) {
  PICABIA_ASSIGN_OR_RETURN(OnnxModel model, OnnxModel::Parse(bytes));
  PICABIA_RETURN_IF_ERROR(Writer(model, layers, plans).Run());
  for (const auto& tensor : model.initializers) {
    if (!tensor.external) continue;
    return Unsupported("tensor '" + tensor.name +
                       "' has its data in another file; expected a model in one file");
  }
  if (!record.empty()) model.SetMetadata("picabia.quantization", record);
  return model.Serialize();
}

}  // namespace picabia::quant
