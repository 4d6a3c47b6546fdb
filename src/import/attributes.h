// The attributes of one node, in a form that TensorFlow and ONNX share. Operator converters ask for
// them by name; what has the wrong type, and what nobody asked for, is an error, so that no meaning
// is lost in silence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "import/wire.h"

namespace picabia::import {

struct Attribute {
  enum class Kind { kInt, kFloat, kString, kInts, kFloats, kType, kShape, kTensor, kOther };

  std::string_view name;
  Kind kind = Kind::kOther;
  int64_t integer = 0;         // kInt (a TensorFlow bool is 0 or 1) and kType
  float number = 0;            // kFloat
  std::string_view bytes;      // kString; kTensor: the message
  std::vector<int64_t> ints;   // kInts
  std::vector<float> floats;   // kFloats
  std::optional<Shape> shape;  // kShape; nothing: unknown rank; a dimension of -1 is free
  bool used = false;
};

class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(std::vector<Attribute> all) : all_(std::move(all)) {}

  // The value, or the fallback when the node has no attribute of this name.
  Result<int64_t> Int(std::string_view name, int64_t fallback);
  Result<bool> Bool(std::string_view name, bool fallback);
  Result<float> Float(std::string_view name, float fallback);
  Result<std::string_view> String(std::string_view name, std::string_view fallback);
  Result<std::vector<int64_t>> Ints(std::string_view name, std::vector<int64_t> fallback);
  Result<std::vector<float>> Floats(std::string_view name, std::vector<float> fallback);

  // The attribute itself, which counts as used; null when there is none or it is of another kind.
  const Attribute* Find(std::string_view name, Attribute::Kind kind);
  bool Has(std::string_view name) const;
  // All of them, which count as used.
  std::span<const Attribute> TakeAll();
  // For attributes that do not change what is computed.
  void Ignore(std::string_view name);

  // An error naming the first attribute that no converter looked at. Names that start with '_' are
  // TensorFlow's private remarks and do not count.
  Status CheckAllUsed() const;
  // An error naming an attribute that the node has twice.
  Status CheckUnique() const;

 private:
  Result<const Attribute*> Get(std::string_view name, Attribute::Kind kind, const char* expected);

  std::vector<Attribute> all_;
};

// The attributes in field 5 of a node's message, which both formats use; `parse` reads one of them.
Result<Attributes> ReadAttributes(std::string_view node, size_t max_count, ParseLog& log,
                                  Attribute (*parse)(std::string_view message, ParseLog& log));

// Appends the numbers of the field that `fields` is at; more than kMaxNumbers are an error.
void ReadNumbers(FieldReader& fields, std::vector<int64_t>& numbers, ParseLog& log);
void ReadNumbers(FieldReader& fields, std::vector<float>& numbers, ParseLog& log);
// An integer takes 8 bytes of memory and as little as 1 of the file; real lists are a few long.
constexpr size_t kMaxNumbers = 1 << 16;

// "a list of integers", ...
const char* KindName(Attribute::Kind kind);

}  // namespace picabia::import
