// Typed access to a node's attributes. Called by the operator converters of both importers.
#include "import/attributes.h"

#include <algorithm>
#include <string>

#include "import/names.h"

namespace picabia::import {

const char* KindName(Attribute::Kind kind) {
  switch (kind) {
    case Attribute::Kind::kInt:
      return "an integer";
    case Attribute::Kind::kFloat:
      return "a float";
    case Attribute::Kind::kString:
      return "a string";
    case Attribute::Kind::kInts:
      return "a list of integers";
    case Attribute::Kind::kFloats:
      return "a list of floats";
    case Attribute::Kind::kType:
      return "an element type";
    case Attribute::Kind::kShape:
      return "a shape";
    case Attribute::Kind::kTensor:
      return "a tensor";
    case Attribute::Kind::kOther:
      return "of another kind";
  }
  return "of another kind";
}

Result<const Attribute*> Attributes::Get(std::string_view name, Attribute::Kind kind,
                                         const char* expected) {
  for (Attribute& a : all_) {
    if (a.name != name) continue;
    a.used = true;
    if (a.kind == kind) return static_cast<const Attribute*>(&a);
    return InvalidModel("attribute " + Quoted(name) + " is " + KindName(a.kind) + ", expected " +
                        expected);
  }
  return static_cast<const Attribute*>(nullptr);
}

Result<int64_t> Attributes::Int(std::string_view name, int64_t fallback) {
  PICABIA_ASSIGN_OR_RETURN(const Attribute* a, Get(name, Attribute::Kind::kInt, "an integer"));
  return a == nullptr ? fallback : a->integer;
}

Result<bool> Attributes::Bool(std::string_view name, bool fallback) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t value, Int(name, fallback ? 1 : 0));
  if (value != 0 && value != 1) {
    return InvalidModel("attribute " + Quoted(name) + " is " + std::to_string(value) +
                        ", expected 0 or 1");
  }
  return value == 1;
}

Result<float> Attributes::Float(std::string_view name, float fallback) {
  PICABIA_ASSIGN_OR_RETURN(const Attribute* a, Get(name, Attribute::Kind::kFloat, "a float"));
  return a == nullptr ? fallback : a->number;
}

Result<std::string_view> Attributes::String(std::string_view name, std::string_view fallback) {
  PICABIA_ASSIGN_OR_RETURN(const Attribute* a, Get(name, Attribute::Kind::kString, "a string"));
  return a == nullptr ? fallback : a->bytes;
}

Result<std::vector<int64_t>> Attributes::Ints(std::string_view name,
                                              std::vector<int64_t> fallback) {
  PICABIA_ASSIGN_OR_RETURN(const Attribute* a,
                           Get(name, Attribute::Kind::kInts, "a list of integers"));
  return a == nullptr ? std::move(fallback) : a->ints;
}

Result<std::vector<float>> Attributes::Floats(std::string_view name, std::vector<float> fallback) {
  PICABIA_ASSIGN_OR_RETURN(const Attribute* a,
                           Get(name, Attribute::Kind::kFloats, "a list of floats"));
  return a == nullptr ? std::move(fallback) : a->floats;
}

const Attribute* Attributes::Find(std::string_view name, Attribute::Kind kind) {
  for (Attribute& a : all_) {
    if (a.name != name || a.kind != kind) continue;
    a.used = true;
    return &a;
  }
  return nullptr;
}

bool Attributes::Has(std::string_view name) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Attribute& a) { return a.name == name; });
}

std::span<const Attribute> Attributes::TakeAll() {
  for (Attribute& a : all_) a.used = true;
  return all_;
}

void Attributes::Ignore(std::string_view name) {
  for (Attribute& a : all_) a.used |= a.name == name;
}

Status Attributes::CheckAllUsed() const {
  for (const Attribute& a : all_) {
    if (a.used || a.name.starts_with('_')) continue;
    return Unsupported("attribute " + Quoted(a.name) + " is not known for this operator");
  }
  return OkStatus();
}

Status Attributes::CheckUnique() const {
  std::vector<std::string_view> names;
  for (const Attribute& a : all_) names.push_back(a.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return OkStatus();
  return InvalidModel("attribute " + Quoted(*twice) + " is given twice");
}

Result<Attributes> ReadAttributes(std::string_view node, size_t max_count, ParseLog& log,
                                  Attribute (*parse)(std::string_view message, ParseLog& log)) {
  std::vector<Attribute> all;
  FieldReader fields(node, log);
  while (fields.Next()) {
    if (fields.number() != 5) continue;
    if (all.size() == max_count) {
      return InvalidModel("more than " + std::to_string(max_count) + " attributes");
    }
    all.push_back(parse(fields.Bytes(), log));
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  Attributes attributes(std::move(all));
  PICABIA_RETURN_IF_ERROR(attributes.CheckUnique());
  return attributes;
}

namespace {

// Takes what fits, so that one field cannot ask for more than that; what is left over is an error.
template <typename T>
void Append(std::vector<T>& numbers, T number, bool& full) {
  full = numbers.size() == kMaxNumbers;
  if (!full) numbers.push_back(number);
}

void CheckNotFull(bool full, const char* at, ParseLog& log) {
  if (full) log.Fail(at, "a list has more than " + std::to_string(kMaxNumbers) + " numbers");
}

}  // namespace

void ReadNumbers(FieldReader& fields, std::vector<int64_t>& numbers, ParseLog& log) {
  bool full = false;
  const char* at = fields.position();
  fields.Ints([&](int64_t v) { Append(numbers, v, full); });
  CheckNotFull(full, at, log);
}

void ReadNumbers(FieldReader& fields, std::vector<float>& numbers, ParseLog& log) {
  bool full = false;
  const char* at = fields.position();
  fields.Floats([&](float v) { Append(numbers, v, full); });
  CheckNotFull(full, at, log);
}

}  // namespace picabia::import
