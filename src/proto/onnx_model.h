// ONNX's ModelProto for editing: nodes and tensors that nobody touches, and all that is neither,
// keep their bytes. Called by the quantizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace picabia::proto {

struct OnnxAttr {
  std::string name;
  std::string message;  // the whole AttributeProto
};

struct OnnxNode {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<OnnxAttr> attrs;
  std::string rest;           // other fields of the message, whole
  std::string_view original;  // the message in the file; empty: it has been changed or is new

  const std::string* Find(std::string_view attr) const;
  void Touch() { original = {}; }
};

struct OnnxTensor {
  std::string name;
  std::string_view original;  // the message in the file
  std::string message;        // of a new tensor
  bool external = false;      // its data are in another file
};

class OnnxModel {
 public:
  // `bytes` must outlive the object.
  static Result<OnnxModel> Parse(std::string_view bytes);
  std::string Serialize() const;

  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> initializers;
  std::vector<std::string> outputs;  // of the graph

  int64_t opset(std::string_view domain) const;  // 0: the model has none
  void SetOpset(std::string_view domain, int64_t version);
  // Replaces the entry of this key.
  void SetMetadata(const std::string& key, const std::string& value);
  void AddInitializer(const std::string& name, const Tensor& tensor);
  // Drops an initializer, and the graph input that old files have beside it.
  void RemoveInitializer(const std::string& name);

 private:
  struct Opset {
    std::string domain;
    int64_t version = 0;
  };
  Status ParseGraph(std::string_view bytes);
  Status ParseOpset(std::string_view bytes);
  std::string GraphMessage() const;

  std::vector<Opset> opsets_;
  struct Input {
    std::string name, whole;
  };
  std::vector<Input> inputs_;
  std::string graph_rest_, model_rest_;  // whole fields
  std::vector<std::pair<std::string, std::string>> metadata_;
};

std::string OnnxIntAttr(const std::string& name, int64_t value);
// What an AttributeProto holds; nothing where it is of another kind.
std::optional<int64_t> IntOfOnnxAttr(std::string_view message);

}  // namespace picabia::proto
