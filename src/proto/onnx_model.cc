// ModelProto for editing; see onnx_model.h. Field numbers are those of onnx.proto.
#include "proto/onnx_model.h"

#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <span>

#include "proto/message.h"
#include "proto/wire.h"

namespace picabia::proto {
namespace {

using protozero::pbf_writer;

// TensorProto.DataType by DType.
constexpr int kTypes[kNumDTypes] = {1, 10, 11, 3, 2, 5, 6, 7, 9, 4, 12, 13};
constexpr int kAttributeTypeInt = 2;

int64_t IntField(std::string_view message, uint32_t number) {
  ParseLog log(std::as_bytes(std::span(message.data(), message.size())));
  return ReadInt(message, number, 0, log);
}

Result<std::string_view> BytesField(std::string_view message, uint32_t number) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(message));
  std::string_view found;
  for (const RawField& field : fields) {
    if (field.number == number) found = field.bytes;
  }
  return found;
}

Result<OnnxNode> ParseNode(std::string_view message) {
  OnnxNode node;
  node.original = message;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(message));
  for (const RawField& field : fields) {
    const std::string text(field.bytes);
    switch (field.number) {
      case 1:
        node.inputs.push_back(text);
        break;
      case 2:
        node.outputs.push_back(text);
        break;
      case 3:
        node.name = text;
        break;
      case 4:
        node.op_type = text;
        break;
      case 5: {
        PICABIA_ASSIGN_OR_RETURN(const std::string_view name, BytesField(field.bytes, 1));
        node.attrs.push_back({std::string(name), text});
        break;
      }
      case 7:
        node.domain = text;
        break;
      default:
        node.rest += field.whole;
    }
  }
  return node;
}

std::string NodeMessage(const OnnxNode& node) {
  std::string bytes;
  pbf_writer writer(bytes);
  for (const std::string& input : node.inputs) writer.add_string(1, input);
  for (const std::string& output : node.outputs) writer.add_string(2, output);
  if (!node.name.empty()) writer.add_string(3, node.name);
  writer.add_string(4, node.op_type);
  for (const OnnxAttr& attr : node.attrs) writer.add_message(5, attr.message);
  if (!node.domain.empty()) writer.add_string(7, node.domain);
  return bytes + node.rest;
}

Result<OnnxTensor> ParseTensor(std::string_view message) {
  OnnxTensor tensor;
  tensor.original = message;
  PICABIA_ASSIGN_OR_RETURN(const std::string_view name, BytesField(message, 8));
  tensor.name = name;
  constexpr int kExternal = 1;  // TensorProto.DataLocation
  tensor.external = IntField(message, 14) == kExternal;
  return tensor;
}

}  // namespace

const std::string* OnnxNode::Find(std::string_view attr) const {
  for (const OnnxAttr& each : attrs) {
    if (each.name == attr) return &each.message;
  }
  return nullptr;
}

Status OnnxModel::ParseGraph(std::string_view bytes) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(bytes));
  for (const RawField& field : fields) {
    if (field.number == 1) {
      PICABIA_ASSIGN_OR_RETURN(OnnxNode node, ParseNode(field.bytes));
      nodes.push_back(std::move(node));
    } else if (field.number == 5) {
      PICABIA_ASSIGN_OR_RETURN(OnnxTensor tensor, ParseTensor(field.bytes));
      initializers.push_back(std::move(tensor));
    } else if (field.number == 11) {
      PICABIA_ASSIGN_OR_RETURN(const std::string_view name, BytesField(field.bytes, 1));
      inputs_.push_back({std::string(name), std::string(field.whole)});
    } else {
      if (field.number == 12) {
        PICABIA_ASSIGN_OR_RETURN(const std::string_view name, BytesField(field.bytes, 1));
        outputs.emplace_back(name);
      }
      graph_rest_ += field.whole;
    }
  }
  return OkStatus();
}

Status OnnxModel::ParseOpset(std::string_view bytes) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view domain, BytesField(bytes, 1));
  opsets_.push_back({std::string(domain), IntField(bytes, 2)});
  return OkStatus();
}

Result<OnnxModel> OnnxModel::Parse(std::string_view bytes) {
  OnnxModel model;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(bytes));
  for (const RawField& field : fields) {
    if (field.number == 7) {
      PICABIA_RETURN_IF_ERROR(model.ParseGraph(field.bytes));
    } else if (field.number == 8) {
      PICABIA_RETURN_IF_ERROR(model.ParseOpset(field.bytes));
    } else if (field.number == 14) {
      PICABIA_ASSIGN_OR_RETURN(const std::string_view key, BytesField(field.bytes, 1));
      PICABIA_ASSIGN_OR_RETURN(const std::string_view value, BytesField(field.bytes, 2));
      model.metadata_.emplace_back(key, value);
    } else {
      model.model_rest_ += field.whole;
    }
  }
  return model;
}

std::string OnnxModel::GraphMessage() const {
  std::string bytes;
  pbf_writer writer(bytes);
  for (const OnnxNode& node : nodes) {
    if (node.original.data() != nullptr) {
      writer.add_message(1, node.original.data(), node.original.size());
    } else {
      writer.add_message(1, NodeMessage(node));
    }
  }
  for (const OnnxTensor& tensor : initializers) {
    if (tensor.original.data() != nullptr) {
      writer.add_message(5, tensor.original.data(), tensor.original.size());
    } else {
      writer.add_message(5, tensor.message);
    }
  }
  for (const Input& input : inputs_) bytes += input.whole;
  return bytes + graph_rest_;
}

std::string OnnxModel::Serialize() const {
  std::string bytes = model_rest_;
  pbf_writer writer(bytes);
  writer.add_message(7, GraphMessage());
  for (const Opset& opset : opsets_) {
    std::string message;
    pbf_writer entry(message);
    if (!opset.domain.empty()) entry.add_string(1, opset.domain);
    entry.add_int64(2, opset.version);
    writer.add_message(8, message);
  }
  for (const auto& [key, value] : metadata_) {
    std::string message;
    pbf_writer entry(message);
    entry.add_string(1, key);
    entry.add_string(2, value);
    writer.add_message(14, message);
  }
  return bytes;
}

int64_t OnnxModel::opset(std::string_view domain) const {
  for (const Opset& each : opsets_) {
    const bool same = each.domain == domain || (domain.empty() && each.domain == "ai.onnx");
    if (same) return each.version;
  }
  return 0;
}

void OnnxModel::SetOpset(std::string_view domain, int64_t version) {
  for (Opset& each : opsets_) {
    if (each.domain != domain) continue;
    each.version = version;
    return;
  }
  opsets_.push_back({std::string(domain), version});
}

void OnnxModel::SetMetadata(const std::string& key, const std::string& value) {
  std::erase_if(metadata_, [&](const auto& entry) { return entry.first == key; });
  metadata_.emplace_back(key, value);
}

void OnnxModel::AddInitializer(const std::string& name, const Tensor& tensor) {
  OnnxTensor added;
  added.name = name;
  pbf_writer writer(added.message);
  const Shape& shape = tensor.shape();
  writer.add_packed_int64(1, shape.begin(), shape.end());
  writer.add_int32(2, kTypes[static_cast<int>(tensor.dtype())]);
  writer.add_string(8, name);
  writer.add_bytes(9, reinterpret_cast<const char*>(tensor.bytes()), tensor.num_bytes());
  initializers.push_back(std::move(added));
}

void OnnxModel::RemoveInitializer(const std::string& name) {
  std::erase_if(initializers, [&](const OnnxTensor& each) { return each.name == name; });
  std::erase_if(inputs_, [&](const Input& each) { return each.name == name; });
}

std::string OnnxIntAttr(const std::string& name, int64_t value) {
  std::string message;
  pbf_writer writer(message);
  writer.add_string(1, name);
  writer.add_int64(3, value);
  writer.add_enum(20, kAttributeTypeInt);
  return message;
}

std::optional<int64_t> IntOfOnnxAttr(std::string_view message) { return IntegerField(message, 3); }

}  // namespace picabia::proto
