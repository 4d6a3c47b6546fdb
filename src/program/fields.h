// Attributes of operators as named lists of numbers and back, written once over VisitFields for the
// file form.
#pragma once

#include <array>
#include <string>
#include <type_traits>
#include <vector>

#include "base/status.h"
#include "ops/ops.h"

namespace picabia::program {

// One attribute: integers, enums and bools in `ints`, floats in `floats`, a string in `text`.
struct FieldValue {
  std::string name;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::string text = {};
  bool operator==(const FieldValue&) const = default;
};

namespace internal {

template <typename T>
void Append(FieldValue& value, const T& v) {
  if constexpr (std::is_same_v<T, float>) {
    value.floats.push_back(v);
  } else {
    value.ints.push_back(static_cast<int64_t>(v));
  }
}

struct Collector {
  std::vector<FieldValue>& out;

  template <typename T>
  void operator()(const char* name, const T& field) {
    FieldValue value{name, {}, {}};
    if constexpr (std::is_same_v<T, std::string>) {
      value.text = field;
    } else if constexpr (requires { field.begin(); }) {
      for (const auto& v : field) Append(value, v);
    } else {
      Append(value, field);
    }
    out.push_back(std::move(value));
  }
};

// Takes the numbers of a field from `values`; wrong counts and numbers outside the field's type are
// an error.
class Setter {
 public:
  explicit Setter(const std::vector<FieldValue>& values) : values_(values) {}

  template <typename T>
  void operator()(const char* name, T& field) {
    for (const FieldValue& v : values_) {
      if (v.name != name) continue;
      ++used_;
      if (!Set(v, field))
        status_ = InvalidModel(std::string("attribute ") + name + " is malformed");
    }
  }

  Status status() const { return status_; }
  size_t used() const { return used_; }

 private:
  template <typename T>
  static bool SetOne(const FieldValue& v, size_t i, T& field) {
    if constexpr (std::is_same_v<T, float>) {
      if (i >= v.floats.size()) return false;
      field = v.floats[i];
    } else {
      if (i >= v.ints.size()) return false;
      field = static_cast<T>(v.ints[i]);
      return static_cast<int64_t>(field) == v.ints[i];
    }
    return true;
  }

  static bool Set(const FieldValue& v, std::string& field) {
    field = v.text;
    return v.ints.empty() && v.floats.empty();
  }

  template <typename T>
  static bool Set(const FieldValue& v, T& field) {
    if (!v.text.empty()) return false;
    if constexpr (requires { field.push_back(0); }) {
      field.resize(v.ints.size() + v.floats.size());
    }
    if constexpr (requires { field.begin(); }) {
      if (v.ints.size() + v.floats.size() != field.size()) return false;
      for (size_t i = 0; i < field.size(); ++i)
        if (!SetOne(v, i, field[i])) return false;
      return true;
    } else {
      return v.ints.size() + v.floats.size() == 1 && SetOne(v, 0, field);
    }
  }

  const std::vector<FieldValue>& values_;
  Status status_;
  size_t used_ = 0;
};

}  // namespace internal

template <typename Op>
std::vector<FieldValue> FieldValues(Op op) {
  std::vector<FieldValue> values;
  op.VisitFields(internal::Collector{values});
  return values;
}

// The operator `name` with its attributes from `values`, the others at their defaults. An unknown
// operator or attribute is an error: it comes from a newer version and cannot be ignored.
inline Result<ops::Op> MakeOp(const std::string& name, const std::vector<FieldValue>& values) {
  Result<ops::Op> result = Unsupported("operator '" + name + "' is not known to this version");
  const auto try_type = [&]<typename Op>(Op op) {
    if (name != Op::kName) return;
    internal::Setter setter(values);
    op.VisitFields(setter);
    if (!setter.status().ok()) {
      result = setter.status();
    } else if (setter.used() != values.size()) {
      result = Unsupported(name + " has an attribute that is not known to this version");
    } else {
      result = ops::Op(std::move(op));
    }
  };
  [&]<size_t... I>(std::index_sequence<I...>) {
    (try_type(std::variant_alternative_t<I, ops::Op>{}), ...);
  }(std::make_index_sequence<std::variant_size_v<ops::Op>>());
  return result;
}

}  // namespace picabia::program
