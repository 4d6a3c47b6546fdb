// Operators that come from outside: a shared library, a callback of the host. The graph and the
// program hold them as a node type like any other, Custom; what they do is behind CustomOperator.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/common.h"

namespace picabia::ops {

// What a Custom does. May be called by several sessions at once.
class CustomOperator {
 public:
  CustomOperator() = default;
  CustomOperator(const CustomOperator&) = delete;
  CustomOperator& operator=(const CustomOperator&) = delete;
  virtual ~CustomOperator() = default;

  // The element type of the output; by default that of input 0.
  virtual Result<DType> OutputType(std::span<const DType> inputs,
                                   const std::string& attributes) const;
  // Its shape, by default that of all inputs broadcast. Called at import, in dry runs and in runs.
  virtual Result<Shape> OutputShape(std::span<const TensorType> inputs,
                                    const std::string& attributes) const;
  // Fills `output`, which has that type and shape and undefined contents. The inputs are views.
  virtual Status Compute(std::span<const Tensor> inputs, const std::string& attributes,
                         Tensor& output) const = 0;
};

using CustomPointer = std::shared_ptr<const CustomOperator>;

// Any inputs -> one output, by `implementation`. It is no part of what is printed, written or
// compared: who reads a Custom from a file binds it again (program/operators.h).
struct Custom {
  static constexpr const char* kName = "Custom";
  static constexpr Arity kArity{1, 64};
  std::string type;        // of the node in the model: "PowerDifference"
  DType to = DType::kF32;  // element type of the output
  std::string attributes;  // of the node, as WriteAttributes gives them
  CustomPointer implementation;
  template <typename V>
  void VisitFields(V&& v) {
    v("type", type);
    v("to", to);
    v("attributes", attributes);
  }
  bool operator==(const Custom& o) const {
    return type == o.type && to == o.to && attributes == o.attributes;
  }
};

// The operators that may be used, by node type.
using OperatorSet = std::map<std::string, CustomPointer, std::less<>>;

// Operators with the devices that they run on.
class OperatorRegistry {
 public:
  // `device` "": every device. An error where the pair is taken, or the device unknown.
  Status Add(const std::string& type, const std::string& device, CustomPointer implementation);
  // Those that `device` can run; one for it alone stands above one for every device.
  OperatorSet For(const std::string& device) const;
  bool empty() const { return operators_.empty(); }
  // Node type and device of each.
  std::vector<std::pair<std::string, std::string>> List() const;

 private:
  std::map<std::pair<std::string, std::string>, CustomPointer> operators_;
};

// The error for a Custom without implementation.
Status NotLoaded(const std::string& type);

// A Custom of these inputs; asks the operator for the type of its output.
Result<Custom> MakeCustom(const std::string& type, CustomPointer implementation,
                          std::string attributes, std::span<const DType> inputs);

// One attribute of a node: whole numbers, floats or text.
struct CustomAttribute {
  std::string name;
  std::variant<std::vector<int64_t>, std::vector<double>, std::string> value;
  bool operator==(const CustomAttribute&) const = default;
};

// "axis=i:1,2;alpha=f:0.5;mode=s:SAME", where bytes that are no letters, digits, '_', '.', '-' or
// '/' stand as %XX.
std::string WriteAttributes(const std::vector<CustomAttribute>& attributes);
Result<std::vector<CustomAttribute>> ParseAttributes(const std::string& text);

}  // namespace picabia::ops
